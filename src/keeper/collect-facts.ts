import type { Fact } from '../core/differences.ts';
import { ledgerPages } from '../payment/ledger-client.ts';
import type { KafkaClient } from '../platform/kafka.ts';
import type { TemporalClient } from '../platform/temporal-client.ts';
import { openRuns } from '../runs/open-runs.ts';
import { readUnsent } from '../store/outbox.ts';
import type { Pool } from '../store/pool.ts';
import { keepFacts, type NamedFact } from '../store/reconciliation-facts.ts';
import type { Attempt } from '../store/reconciliations.ts';
import { type EmittedEvent, readEvents } from './read-events.ts';

export interface Sides {
  readonly pool: Pool;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly kafka: KafkaClient;
  readonly topics: Readonly<Record<string, string>>;
  readonly paymentUrl: string;
  /** What has changed so shortly before the start is on its way, and left out. */
  readonly settledMs: number;
}

export interface Progress {
  readonly stop: AbortSignal;
  /** Between any two pages; rejects when this attempt is no longer wanted. */
  readonly goOn: () => Promise<void>;
}

export const pageSize = 1_000;
// A dead letter says nothing that the failed event does not, and its topic holds strangers' records too.
const deadLetter = 'transaction.dead';

/** Keeps what the provider, Temporal and the events say, each by the id of its subject. */
export async function collectFacts(sides: Sides, attempt: Attempt, { stop, goOn }: Progress) {
  const { pool, temporal, taskQueue, kafka, paymentUrl } = sides;
  const counts = { orders: 0, transactions: 0, captures: 0, refunds: 0, runs: 0, events: 0 };
  const keep = async (facts: readonly NamedFact[]) => {
    await goOn();
    for (let at = 0; at < facts.length; at += pageSize)
      await keepFacts(pool, attempt.attempt, facts.slice(at, at + pageSize));
  };
  const told = (subjectId: string, id: string, fact: Fact): NamedFact => ({ subjectId, id, fact });

  for await (const page of ledgerPages(paymentUrl, stop)) {
    for (const { type } of page) counts[type === 'capture' ? 'captures' : 'refunds'] += 1;
    await keep(
      page.map(({ type, id, order_id, amount_cents: cents, currency }) =>
        told(order_id, id, type === 'capture' ? { side: type, cents, currency } : { side: type, cents }),
      ),
    );
  }
  for (const kind of ['order', 'transaction'] as const) {
    for await (const runs of openRuns({ temporal, taskQueue }, kind)) {
      counts.runs += runs.length;
      const fact: Fact = kind === 'order' ? { side: 'run' } : { side: 'run', of: kind };
      await keep(runs.map(({ subjectId, runId }) => told(subjectId, runId, fact)));
    }
  }
  const keepEvents = async (events: readonly EmittedEvent[]) => {
    counts.events += events.length;
    await keep(events.map(({ subjectId, id, type }) => told(subjectId, id, { side: 'event', type })));
  };
  // Before Kafka: what leaves the outbox meanwhile is on its topic.
  for await (const events of unsentEvents(pool)) await keepEvents(events);
  const { [deadLetter]: _, ...topics } = sides.topics;
  const group = `tbd-reconciliation-${attempt.attempt}`;
  const eventsSince = await readEvents({ kafka, topics, group, stop, onPage: keepEvents });
  return { counts, eventsSince };
}

async function* unsentEvents(pool: Pool) {
  for (let after = 0; ; ) {
    const rows = await readUnsent(pool, { after, limit: pageSize });
    const [last] = rows.slice(-1);
    if (last === undefined) return;
    yield rows
      .filter(({ type }) => type !== deadLetter)
      .map(({ event_id: id, key: subjectId, type }) => ({ subjectId, id, type }));
    after = last.id;
  }
}
