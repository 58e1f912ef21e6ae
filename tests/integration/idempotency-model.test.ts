import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import fc from 'fast-check';
import { goodOrder, startTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const keys = 3;
const bodies = [
  { ...goodOrder, amount_cents: 1 },
  { ...goodOrder, amount_cents: 2 },
];

/** `loses its answer`: the connection to Postgres ends between the commit and its answer. `leaves`: the client does not wait. */
const ways = ['waits', 'leaves', 'loses its answer'] as const;
interface Sent {
  readonly key: number;
  readonly body: number;
  readonly way: (typeof ways)[number];
}
interface Step {
  /** All at once. */
  readonly requests: readonly Sent[];
  /** Postgres is lost in the middle, and is back before the next step. */
  readonly cut: boolean;
}

const sent = fc.record({
  key: fc.nat(keys - 1),
  body: fc.nat(bodies.length - 1),
  way: fc.constantFrom<Sent['way']>('waits', 'waits', 'waits', 'leaves', 'loses its answer'),
});
const step = fc.record<Step>({
  requests: fc.array(sent, { minLength: 1, maxLength: 6 }),
  cut: fc.boolean(),
});

interface Answered {
  readonly key: number;
  readonly body: number;
  readonly outcome: Outcome;
}

type Outcome =
  | { readonly kind: 'accepted'; readonly text: string; readonly isReplayed: boolean }
  | { readonly kind: 'refused' }
  /** It may have been accepted, and may still be. */
  | { readonly kind: 'unknown' };

/** What is known of a key: which bodies it may belong to, and its one answer as soon as somebody saw it. */
class KeyModel {
  readonly #candidates = new Set<number>();
  #answer: { readonly body: number; readonly text: string } | undefined;

  /** Checks what requests at once were answered, and learns from it. */
  take(answers: readonly Answered[]): void {
    const wasKnown = this.#answer !== undefined;
    for (const { body } of answers) this.#candidates.add(body);
    let firsts = 0;
    for (const { body, outcome } of answers) {
      if (outcome.kind !== 'accepted') continue;
      if (!outcome.isReplayed) firsts += 1;
      this.#answer ??= { body, text: outcome.text };
      expect({ body, text: outcome.text }).toEqual(this.#answer);
    }
    expect(firsts).toBeLessThanOrEqual(wasKnown ? 0 : 1);
    for (const { body, outcome } of answers) {
      if (outcome.kind !== 'refused') continue;
      // Refused means that another body has the key.
      expect(body).not.toBe(this.#answer?.body);
      this.#candidates.delete(body);
      expect(this.#candidates.size).toBeGreaterThan(0);
    }
  }

  /** How many orders the key may have. */
  get orders(): readonly number[] {
    return this.#answer === undefined ? [0, 1] : [1];
  }
}

test('whatever happens between clients, api and Postgres, a key has one order and one answer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      const run = randomUUID();
      const models = Array.from({ length: keys }, () => new KeyModel());
      for (const { requests, cut } of steps) {
        const outcomes = Promise.all(
          requests.map(async (one) => ({ ...one, outcome: await send(one, `${run}-${one.key}`) })),
        );
        if (cut) await api.proxy.cut();
        const answered = await outcomes;
        if (cut) {
          await api.proxy.heal();
          await eventually(async () => expect((await readiness()).status).toBe(200), 5_000);
        }
        for (const [key, model] of models.entries())
          model.take(answered.filter((answer) => answer.key === key));
      }
      for (const [key, model] of models.entries()) {
        const [found] = await ordersOf(`${run}-${key}`);
        expect(model.orders).toContain(found?.orders);
        expect(found?.events).toBe(found?.orders);
      }
    }),
    { numRuns: 40, endOnFailure: true },
  );
}, 120_000);

const readiness = () => api.call({ method: 'GET', path: '/readyz' });

async function send({ body, way }: Sent, key: string): Promise<Outcome> {
  const headers = { 'Idempotency-Key': key };
  if (way === 'leaves') return leave(headers, bodies[body]);
  if (way === 'loses its answer') api.proxy.loseAnswerTo(key);
  const { status, text, headers: answered } = await api.call({ headers, body: bodies[body] });
  if (status === 202)
    return { kind: 'accepted', text, isReplayed: answered['idempotent-replayed'] === 'true' };
  if (status === 422) return { kind: 'refused' };
  expect([409, 503]).toContain(status);
  return { kind: 'unknown' };
}

async function leave(headers: Record<string, string>, body: unknown): Promise<Outcome> {
  const outgoing = request({
    host: '127.0.0.1',
    port: api.port,
    method: 'POST',
    path: '/v1/orders',
    headers: { ...headers, 'Content-Type': 'application/json' },
    agent: false,
  });
  outgoing.on('error', () => {});
  outgoing.end(JSON.stringify(body));
  await once(outgoing, 'finish');
  outgoing.destroy();
  return { kind: 'unknown' };
}

function ordersOf(key: string) {
  return api.database.rows<{ orders: number; events: number }>(
    `select count(distinct o.id)::int as orders, count(distinct b.id)::int as events
     from idempotency_keys k join orders o on o.id = k.order_id left join outbox b on b.key = o.id::text
     where k.key = $1`,
    [key],
  );
}
