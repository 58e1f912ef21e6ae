import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Api } from '../acceptance/outside/api.ts';
import { readOrder } from '../acceptance/outside/api.ts';
import { eventually } from '../support/eventually.ts';
import { type Journal, noteNew, type Sent } from './journal.ts';

export interface Clients {
  /** Resolves when so many more orders than now have been accepted. */
  untilAccepted(more: number): Promise<void>;
  /** No new orders; what is in doubt is repeated until it is answered. */
  stop(): Promise<void>;
}

const lanes = 4;
// 10 orders a second: what waits while a bridge that was killed is missed has to fit into a test.
const paceMs = 400;
const retryAfterMs = 100;
// The longest that a part may be away, the start of the whole stack included.
const answeredWithinMs = 120_000;

/** Clients that do what the API asks of them: after an error or a 5xx they send the same again with the same key. */
export function startClients(api: Api, journal: Journal, patienceMs = answeredWithinMs): Clients {
  let stopped = false;
  const lane = async (): Promise<void> => {
    while (!stopped) {
      await placeOrder(api, journal, patienceMs);
      await pause(paceMs);
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, lane));
  // Heard in stop(); until then it must not end the process.
  running.catch(() => {});
  return {
    untilAccepted: (more) => {
      const goal = countAccepted(journal) + more;
      return eventually(async () => {
        const accepted = countAccepted(journal);
        if (accepted < goal) throw new Error(`${accepted} of ${goal} orders are accepted`);
      }, patienceMs);
    },
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

async function placeOrder(api: Api, journal: Journal, patienceMs: number): Promise<void> {
  const sent = noteNew(journal);
  const answered = (request: () => Promise<Answer>) => untilAnswered(journal, request, patienceMs);
  const id = await post(api, sent, answered);
  const number = journal.orders.size;
  // A client that forgot it has been answered, and one that changes its mind at once.
  if (number % 10 === 0) await post(api, sent, answered);
  if (number % 9 === 0) {
    const { status } = await answered(() => api.cancel(id));
    sent.canceled = status === 200 || status === 202;
  }
}

type Answered = (request: () => Promise<Answer>) => Promise<Answer>;

async function post(api: Api, { key, order, accepted }: Sent, answered: Answered): Promise<string> {
  const answer = await answered(() => api.post(order, key));
  const { id } = readOrder(answer);
  accepted.push(id);
  return id;
}

async function untilAnswered(
  journal: Journal,
  request: () => Promise<Answer>,
  patienceMs: number,
): Promise<Answer> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = await request().catch(() => undefined);
    if (answer !== undefined) journal.statuses.add(answer.status);
    if (answer !== undefined && answer.status < 500) return answer;
    if (performance.now() > deadline) throw new Error(`no answer within ${patienceMs} ms`);
    await pause(retryAfterMs);
  }
}

export function countAccepted({ orders }: Journal): number {
  return [...orders.values()].filter(({ accepted }) => accepted.length > 0).length;
}
