import type { Config } from '../platform/config.ts';
import type { Pool } from '../store/pool.ts';
import { type BridgeDeps, startBridge } from './bridge.ts';
import type { RunningConsumer } from './consume.ts';
import { domains } from './domains.ts';
import { consumerGroups } from './groups.ts';
import { startRetryIntake } from './retry-intake.ts';
import { retrySettings } from './retry-settings.ts';
import type { EventType } from './topics.ts';

export interface BridgesDeps extends Omit<BridgeDeps, 'group' | 'topic' | 'deadLetterTopic' | 'retry'> {
  readonly config: Config;
  readonly pool: Pool;
  readonly topics: Readonly<Record<EventType, string>>;
}

/**
 * A bridge for each domain, each with a group of its own: a record that waits holds up none of another domain. One more
 * takes what comes back to any of them. They start and fail together.
 */
export async function startBridges({
  config,
  topics,
  ...deps
}: BridgesDeps): Promise<Pick<RunningConsumer, 'check'> & AsyncDisposable> {
  const retry = retrySettings(config, deps.pool);
  const groups = consumerGroups(config);
  await using starting = new AsyncDisposableStack();
  const bridges = await allOrNone(
    domains.map((domain) => {
      const { group } = groups[domain.group];
      const topic = topics[domain.created];
      return startBridge(
        { ...deps, group, topic, deadLetterTopic: domain.deadLetters(config), retry },
        domain,
      );
    }),
  );
  starting.defer(() => stopAll(bridges));
  // In another process: it looks for what is due every few seconds.
  const notifier = { group: groups.notifier.group, retryNow: () => {} };
  const intake = await startRetryIntake({
    ...deps,
    group: groups.retry.group,
    topic: retry.topic,
    deadLetterTopic: config.KAFKA_TOPIC_ORDER_DLQ,
    targets: [...bridges, notifier],
  });
  // From now on they end together.
  starting.move();
  const running = [intake, ...bridges];
  return {
    check: async () => {
      for (const { check } of running) await check();
    },
    [Symbol.asyncDispose]: () => stopAll(running),
  };
}

async function allOrNone(starting: readonly Promise<RunningConsumer>[]): Promise<RunningConsumer[]> {
  const settled = await Promise.allSettled(starting);
  const started = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  for (const one of settled) {
    if (one.status === 'fulfilled') continue;
    await stopAll(started);
    throw one.reason;
  }
  return started;
}

/** At once: each ends with what is under way. */
async function stopAll(running: readonly AsyncDisposable[]): Promise<void> {
  await Promise.all(running.map((one) => one[Symbol.asyncDispose]()));
}
