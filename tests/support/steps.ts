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
  /** Of Postgres: transactions that write, and bytes of its log. They are the instance's, so a vacuum may be among them. */
  readonly writes: readonly number[];
  readonly walBytes: readonly number[];
}

interface Position {
  readonly xid: number;
  readonly lsn: number;
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
  const ids: string[] = [];
  const positions = [await position(source)];
  for (let at = 0; at < orders; at += 1) {
    ids.push(await source.completeOne());
    await untilQuiet(source);
    positions.push(await position(source));
  }
  const advances = positions.slice(1).map(({ xid, lsn }, at) => ({
    writes: xid - (positions[at]?.xid ?? Number.NaN),
    walBytes: lsn - (positions[at]?.lsn ?? Number.NaN),
  }));
  const runs = await Promise.all(ids.map((id) => describe(source.temporal, id)));
  return {
    events: runs.map(({ events }) => events),
    transitions: runs.map(({ transitions }) => transitions),
    writes: advances.map(({ writes }) => writes),
    walBytes: advances.map(({ walBytes }) => walBytes),
  };
}

async function position({ rows }: StepSource): Promise<Position> {
  const [found] = await rows<Position>(
    `select pg_snapshot_xmax(pg_current_snapshot())::text::float8 as xid,
       pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as lsn`,
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
