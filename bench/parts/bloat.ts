import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { claimBatch } from '../../src/store/outbox.ts';
import { createOutboxFloor } from '../../src/store/outbox-floor.ts';
import { createPool, type Pool } from '../../src/store/pool.ts';
import type { Database } from '../accept-api.ts';
import { alternate, type Blocks, controlRatios, pairRatios } from '../measure/blocks.ts';
import type { Measured } from '../measure/program.ts';
import { median, ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import { openRelayedOutbox } from '../subjects/relayed-outbox.ts';
import type { System } from '../system.ts';

export interface BloatPlan {
  readonly passes: number;
  /** How long somebody keeps a snapshot open while 400 rows a second pass. */
  readonly heldMs: number;
}

const deadRows = 25_000;
const claimedRows = 500;
const claims = 20;
const drainedRows = 10_000;
const rowsASecond = 400;

/** What sent rows cost that Postgres cannot remove yet, since somebody's snapshot is open: beside a relay that has no such rows. */
export async function bloat(system: System, plan: BloatPlan, say: (line: string) => void): Promise<Part> {
  await using outbox = await openRelayedOutbox(system, 'bench_bloat');
  // A snapshot keeps the rows of its own database alone.
  await using clean = await openRelayedOutbox(system, 'bench_no_bloat');
  await Promise.all([outbox.drain(drainedRows), clean.drain(drainedRows)]);
  let left = 0;
  let blocks: Blocks<'held' | 'clean'>;
  {
    await using _snapshot = await holdSnapshot(outbox.database);
    for (const end = performance.now() + plan.heldMs; performance.now() < end; await setTimeout(1_000))
      await Promise.all([outbox.drain(rowsASecond), clean.drain(rowsASecond)]);
    blocks = await alternate(
      plan.passes,
      { held: () => outbox.drain(drainedRows), clean: () => clean.drain(drainedRows) },
      (name, { perSecond }) => say(`  ${name.padEnd(5)} ${perSecond.toFixed(0)} a second`),
    );
    left = await countDead(outbox.database);
  }
  const { empty, full, ratio } = await timeClaims(outbox.database, plan.passes);
  say(
    `  a claim takes ${empty.toFixed(2)} ms, ${full.toFixed(2)} with ${deadRows} deleted rows in the table`,
  );
  return {
    name: 'bloat',
    control: ratioOf(controlRatios(blocks.clean)),
    rows: [
      {
        id: 'claim-with-dead/without',
        question: `time of a claim with ${deadRows} deleted rows that must stay ÷ with none`,
        ratio,
        bar: { most: 3 },
      },
      {
        id: 'relay-while-held/clean',
        question: `rows relayed a second after a transaction was open for ${plan.heldMs / 1_000} s ÷ with none`,
        ratio: ratioOf(pairRatios(blocks.held, blocks.clean, ({ perSecond }) => perSecond)),
        bar: { least: 0.8 },
      },
    ],
    notes: [
      `held: ${rates(blocks.held)}; clean: ${rates(blocks.clean)} a second; ${left} deleted rows at its end`,
      `a claim of ${claimedRows}: ${empty.toFixed(2)} ms, then ${full.toFixed(2)} ms`,
    ],
  };
}

function rates(blocks: readonly Measured[]): string {
  return blocks.map(({ perSecond }) => perSecond.toFixed(0)).join(' ');
}

async function holdSnapshot({ url }: Database): Promise<AsyncDisposable> {
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  await holder.query('begin isolation level repeatable read');
  await holder.query('select txid_current()');
  return { [Symbol.asyncDispose]: () => holder.end() };
}

async function countDead(database: Database): Promise<number> {
  await setTimeout(1_500); // the statistics come at most a second late
  const [stat] = await database.rows<{ dead: number }>(
    `select n_dead_tup::int4 as dead from pg_stat_user_tables where relname = 'outbox'`,
  );
  return stat?.dead ?? 0;
}

/** On rows of a type that the relay beside it does not know, so that only these claims touch them. */
async function timeClaims(
  database: Database,
  passes: number,
): Promise<{ empty: number; full: number; ratio: ReturnType<typeof ratioOf> }> {
  await using pool = await createPool({
    url: database.url,
    maxConnections: 2,
    maxIdleConnections: 1,
    maxConnectionAgeMs: 300_000,
  });
  const times: { empty: number; full: number }[] = [];
  for (let pass = 0; pass < passes; pass += 1) {
    await database.rows('delete from outbox');
    await database.rows('vacuum analyze outbox');
    await add(database, claimedRows);
    const empty = await timeClaim(pool);
    await using _snapshot = await holdSnapshot(database);
    await add(database, deadRows);
    await database.rows('delete from outbox');
    await add(database, claimedRows);
    times.push({ empty, full: await timeClaim(pool) });
  }
  return {
    empty: median(times.map(({ empty }) => empty)),
    full: median(times.map(({ full }) => full)),
    ratio: ratioOf(times.map(({ empty, full }) => full / empty)),
  };
}

async function add(database: Database, rows: number): Promise<void> {
  await database.rows(
    `insert into outbox (event_id, type, key, body, created_at)
     select gen_random_uuid(), 'bench.kept', gen_random_uuid()::text, repeat('x', 400), now()
     from generate_series(1, $1::int4)`,
    [rows],
  );
}

/** Milliseconds, as a relay claims after it has sent what is dead by now. */
async function timeClaim(pool: Pool): Promise<number> {
  const floor = createOutboxFloor(pool);
  await floor.raise();
  const wish = {
    partitions: [0, 1, 2, 3, 4, 5],
    types: ['bench.kept'],
    maxRows: claimedRows,
    maxBytes: 1_048_576,
  };
  const times: number[] = [];
  for (let at = 0; at < claims; at += 1) {
    const began = performance.now();
    await claimBatch(pool, { ...wish, from: floor.id() });
    times.push(performance.now() - began);
  }
  return median(times);
}
