import type { Config } from '../platform/config.ts';
import { type BridgeDeps, startBridge } from './bridge.ts';
import type { RunningConsumer } from './consume.ts';
import { domains } from './domains.ts';
import type { EventType } from './topics.ts';

export interface BridgesDeps extends Omit<BridgeDeps, 'group' | 'topic' | 'deadLetterTopic'> {
  readonly config: Config;
  readonly topics: Readonly<Record<EventType, string>>;
}

/** A bridge for each domain, each with a group of its own: a record that waits holds up none of another domain. They start and fail together. */
export async function startBridges({ config, topics, ...deps }: BridgesDeps): Promise<RunningConsumer> {
  const starting = domains.map((domain) => {
    const group = config.KAFKA_CONSUMER_GROUP + domain.group;
    const topic = topics[domain.created];
    return startBridge({ ...deps, group, topic, deadLetterTopic: domain.deadLetters(config) }, domain);
  });
  const started = await Promise.allSettled(starting);
  await using resources = new AsyncDisposableStack();
  const running = started.flatMap((one) => (one.status === 'fulfilled' ? [resources.use(one.value)] : []));
  for (const one of started) if (one.status === 'rejected') throw one.reason;
  // From now on they end together.
  resources.move();
  return {
    check: async () => {
      for (const { check } of running) await check();
    },
    // All at once: each ends with what is under way.
    [Symbol.asyncDispose]: async () => {
      await Promise.all(running.map((bridge) => bridge[Symbol.asyncDispose]()));
    },
  };
}
