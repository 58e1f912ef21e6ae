import { type Difference, differencesOf, type Fact } from '../order/differences.ts';
import type { OrderEventType } from '../order/events.ts';
import { ledgerPages } from '../payment/ledger-client.ts';
import type { KafkaClient } from '../platform/kafka.ts';
import type { TemporalClient } from '../platform/temporal-client.ts';
import { openRuns } from '../runs/open-runs.ts';
import { readUnsent } from '../store/outbox.ts';
import type { Pool } from '../store/pool.ts';
import {
  forgetFacts,
  keepFacts,
  type NamedFact,
  readFactsWithoutOrder,
  readOrdersWithFacts,
} from '../store/reconciliation-facts.ts';
import type { Attempt, Result } from '../store/reconciliations.ts';
import { type EmittedEvent, readEvents } from './read-events.ts';

export interface Sides {
  readonly pool: Pool;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly kafka: KafkaClient;
  readonly topics: Readonly<Record<OrderEventType, string>>;
  readonly paymentUrl: string;
  /** What has changed so shortly before the start is on its way, and left out. */
  readonly settledMs: number;
}

interface Progress {
  readonly stop: AbortSignal;
  /** Between any two pages; rejects when this attempt is no longer wanted. */
  readonly goOn: () => Promise<void>;
}

const pageSize = 1_000;
const mostDifferences = 1_000;

/**
 * Compares every order with the provider's book, the open runs and the events. In memory are one page and the differences;
 * what the other sides say is kept in Postgres, by order, until it is compared. Runs that are closed say nothing more
 * than their orders do, and Temporal forgets them.
 */
export async function reconcile(sides: Sides, attempt: Attempt, progress: Progress): Promise<Result> {
  const { pool, temporal, taskQueue, kafka, topics, paymentUrl } = sides;
  const { stop, goOn } = progress;
  const counts = { orders: 0, captures: 0, refunds: 0, runs: 0, events: 0 };
  const keep = async (facts: readonly NamedFact[]) => {
    await goOn();
    for (let at = 0; at < facts.length; at += pageSize)
      await keepFacts(pool, attempt.attempt, facts.slice(at, at + pageSize));
  };
  const told = (orderId: string, id: string, fact: Fact): NamedFact => ({ orderId, id, fact });

  await forgetFacts(pool);
  for await (const page of ledgerPages(paymentUrl, stop)) {
    for (const { type } of page) counts[type === 'capture' ? 'captures' : 'refunds'] += 1;
    await keep(
      page.map(({ type, id, order_id, amount_cents: cents, currency }) =>
        told(order_id, id, type === 'capture' ? { side: type, cents, currency } : { side: type, cents }),
      ),
    );
  }
  for await (const runs of openRuns({ temporal, taskQueue })) {
    counts.runs += runs.length;
    await keep(runs.map(({ orderId, runId }) => told(orderId, runId, { side: 'run' })));
  }
  const keepEvents = async (events: readonly EmittedEvent[]) => {
    counts.events += events.length;
    await keep(events.map(({ orderId, id, type }) => told(orderId, id, { side: 'event', type })));
  };
  // Before Kafka: what leaves the outbox meanwhile is on its topic.
  for await (const events of unsentEvents(pool)) await keepEvents(events);
  const group = `tbd-reconciliation-${attempt.attempt}`;
  const eventsSince = await readEvents({ kafka, topics, group, stop, onPage: keepEvents });

  const differences: Difference[] = [];
  let differencesTotal = 0;
  const add = (found: readonly Difference[]) => {
    differencesTotal += found.length;
    differences.push(...found.slice(0, mostDifferences - differences.length));
  };
  for await (const { orderId, order, facts } of settledOrders(sides, attempt, goOn)) {
    counts.orders += 1;
    add(differencesOf({ orderId, order, facts, eventsSince }));
  }
  for await (const { orderId, facts } of factsWithoutOrder(pool, attempt, goOn))
    add(differencesOf({ orderId, order: undefined, facts, eventsSince }));
  await goOn();
  await forgetFacts(pool);
  return { counts, differences, differencesTotal };
}

async function* unsentEvents(pool: Pool) {
  for (let after = 0; ; ) {
    const rows = await readUnsent(pool, { after, limit: pageSize });
    const [last] = rows.slice(-1);
    if (last === undefined) return;
    yield rows.map(({ event_id: id, key: orderId, type }) => ({ orderId, id, type }));
    after = last.id;
  }
}

async function* settledOrders(
  { pool, settledMs }: Sides,
  { attempt, startedAt }: Attempt,
  goOn: () => Promise<void>,
) {
  const before = new Date(startedAt.getTime() - settledMs);
  for (let after: string | undefined; ; ) {
    await goOn();
    const page = await readOrdersWithFacts(pool, { attempt, before, after, limit: pageSize });
    yield* page;
    after = page.at(-1)?.orderId;
    if (after === undefined) return;
  }
}

async function* factsWithoutOrder(pool: Pool, { attempt }: Attempt, goOn: () => Promise<void>) {
  for (let after: string | undefined; ; ) {
    await goOn();
    const page = await readFactsWithoutOrder(pool, { attempt, after, limit: pageSize });
    yield* page.unknown;
    after = page.last;
    if (after === undefined) return;
  }
}
