import type { Client } from '@temporalio/client';
import { eventually } from './eventually.ts';

export interface StepSource {
  readonly temporal: Client;
  rows<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Brings one order to its end; resolves to its id. */
  completeOne(): Promise<string>;
}

/** What one order costs in durable steps: counts, so that a regression shows without a stopwatch. */
export interface Steps {
  readonly events: readonly number[];
  readonly transitions: readonly number[];
  /** Of Postgres, an order: transactions that write, and bytes of its log. */
  readonly writes: number;
  readonly walBytes: number;
}

interface Position {
  readonly xid: string;
  readonly lsn: string;
}

/** One order at a time. The first ones fill caches and the pages' images after a checkpoint, so they do not count. */
export async function countSteps(
  source: StepSource,
  { orders, warmUp }: { orders: number; warmUp: number },
): Promise<Steps> {
  // The next timed one would write whole pages into the log in the middle; now it is minutes away.
  await source.rows('checkpoint');
  for (let at = 0; at < warmUp; at += 1) await source.completeOne();
  await untilQuiet(source);
  const before = await position(source);
  const ids: string[] = [];
  for (let at = 0; at < orders; at += 1) {
    ids.push(await source.completeOne());
    await untilQuiet(source);
  }
  const after = await position(source);
  const runs = await Promise.all(ids.map((id) => describe(source.temporal, id)));
  const [bytes] = await source.rows<{ bytes: string }>('select pg_wal_lsn_diff($1, $2) as bytes', [
    after.lsn,
    before.lsn,
  ]);
  return {
    events: runs.map(({ events }) => events),
    transitions: runs.map(({ transitions }) => transitions),
    writes: Number(BigInt(after.xid) - BigInt(before.xid)) / orders,
    walBytes: Number(bytes?.bytes) / orders,
  };
}

async function position({ rows }: StepSource): Promise<Position> {
  const [found] = await rows<Position>(
    'select pg_snapshot_xmax(pg_current_snapshot())::text as xid, pg_current_wal_insert_lsn()::text as lsn',
  );
  if (found === undefined) throw new Error('Postgres tells its position in one row');
  return found;
}

/** The last event of an order leaves the outbox after its consumer has seen it. */
async function untilQuiet({ rows }: StepSource): Promise<void> {
  await eventually(async () => {
    const [found] = await rows<{ unsent: number }>('select count(*)::int4 as unsent from outbox');
    if (found?.unsent !== 0) throw new Error('the outbox does not run empty; is the relay alive?');
  }, 10_000);
}

async function describe(temporal: Client, id: string): Promise<{ events: number; transitions: number }> {
  const { raw } = await temporal.workflow.getHandle(`order-${id}`).describe();
  const { historyLength, stateTransitionCount } = raw.workflowExecutionInfo ?? {};
  return { events: Number(historyLength), transitions: Number(stateTransitionCount) };
}
