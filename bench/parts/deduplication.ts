import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startRedis, type TestRedis } from '../../tests/support/redis.ts';
import { alternate, type Blocks, pairRatios } from '../measure/blocks.ts';
import { type Measured, openProgram } from '../measure/program.ts';
import { median, ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface DeduplicationPlan {
  readonly passes: number;
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

const stores = ['postgres', 'redis', 'compacted-topic', 'hybrid'] as const;

/** What it costs that an event has its effect once: each store beside the effect by itself. */
export async function deduplication(
  system: System,
  { passes, ...block }: DeduplicationPlan,
  say: (line: string) => void,
): Promise<Part> {
  await using redis = await startRedis();
  using notifications = await openProgram('notifications.ts', { ...system.env, REDIS_ADDR: redis.address });
  const trees = { ...system.trees(), redis: redis.pid(), notifier: notifications.pid };
  const effects = { made: 0 };
  const run = (unit: string) => async () => {
    const measured = await notifications.run(unit, block, trees);
    if (!unit.endsWith(' again')) effects.made += measured.started;
    return measured;
  };
  const units = ['bare', ...stores, ...stores.map((store) => `${store} again`)];
  const blocks = await alternate(
    passes,
    Object.fromEntries(units.map((unit) => [unit, run(unit)])),
    tellOn(say),
  );
  await check(system, effects.made);
  const bare = blocks.bare ?? [];
  return {
    name: 'deduplication',
    rows: stores.map((store) => ({
      id: `${store}/bare`,
      question: `events a second with DEDUP_STORE=${store} ÷ the effect by itself`,
      ratio: ratioOf(pairRatios(blocks[store] ?? [], bare, ({ perSecond }) => perSecond)),
    })),
    notes: [
      ...units.map((unit) => describe(unit, blocks)),
      `bytes of a mark: ${JSON.stringify(await bytesOfMarks(system, redis))}`,
    ],
  };
}

function tellOn(say: (line: string) => void) {
  return (name: string, { perSecond, p50Ms, p99Ms }: Measured) =>
    say(
      `  ${name.padEnd(22)} ${perSecond.toFixed(0)} a second, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(1)} ms`,
    );
}

/** µs of CPU an event. */
function describe(unit: string, blocks: Blocks<string>): string {
  const of = blocks[unit] ?? [];
  const cost = (tree: string) =>
    Math.round(median(of.map(({ cpu, measured }) => ((cpu[tree] ?? 0) * 1_000) / measured)));
  const trees = ['notifier', 'postgres', 'redis', 'kafka'].map((tree) => `${tree} ${cost(tree)}`);
  const rate = median(of.map(({ perSecond }) => perSecond));
  return `${unit}: ${rate.toFixed(0)} a second; µs of CPU an event: ${trees.join(', ')}`;
}

async function bytesOfMarks(system: System, redis: TestRedis) {
  const [postgres] = await system.rows<{ bytes: number; marks: number }>(
    `select pg_total_relation_size('notified_events')::float8 as bytes, count(*)::float8 as marks from notified_events`,
  );
  const key = String(await redis.command('RANDOMKEY'));
  const logs = globSync(join(system.stack.home, 'data', 'kafka', 'order.idempotency-*', '*.log'));
  const offsets = await system.kafka.fetchTopicOffsets('order.idempotency');
  const marks = offsets.reduce((sum, { high }) => sum + Number(high), 0);
  return {
    postgres: Math.round((postgres?.bytes ?? Number.NaN) / (postgres?.marks ?? Number.NaN)),
    redis: Number(await redis.command('MEMORY', 'USAGE', key)),
    topic: Math.round(logs.reduce((sum, log) => sum + statSync(log).size, 0) / marks),
  };
}

/** Whatever the store, each new event had its effect once. */
async function check(system: System, expected: number): Promise<void> {
  const [found] = await system.rows<{ told: number; events: number }>(
    'select count(*)::int4 as told, count(distinct event_id)::int4 as events from notifications',
  );
  if (found?.told !== expected || found.events !== expected)
    throw new Error(`${expected} effects were asked for and ${JSON.stringify(found)} found; the run is void`);
}
