import type { Config } from '../platform/config.ts';

interface ConsumerGroup {
  readonly group: string;
  readonly topics: readonly [string, ...string[]];
}

/** Every group of the system by what it is for, with what it reads. */
export function consumerGroups(config: Config) {
  const { KAFKA_CONSUMER_GROUP: name } = config;
  return {
    orders: { group: name, topics: [config.KAFKA_TOPIC_ORDER_CREATED] },
    transactions: { group: `${name}-transactions`, topics: [config.KAFKA_TOPIC_TRANSACTION_CREATED] },
    retry: { group: `${name}-retry`, topics: [config.KAFKA_TOPIC_ORDER_RETRY] },
    notifier: { group: `${name}-notifier`, topics: [config.KAFKA_TOPIC_ORDER_PROCESSED] },
    deadLetters: {
      group: `${name}-dlq`,
      topics: [config.KAFKA_TOPIC_ORDER_DLQ, config.KAFKA_TOPIC_TRANSACTIONS_DLQ],
    },
  } satisfies Readonly<Record<string, ConsumerGroup>>;
}
