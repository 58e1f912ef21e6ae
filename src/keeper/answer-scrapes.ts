import type { KafkaClient } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';
import { countOpenOrders } from '../store/load.ts';
import type { Pool } from '../store/pool.ts';
import { countDifferences } from '../store/reconciliations.ts';
import { type ConsumerGroup, createLagReader } from './consumer-lag.ts';
import { consumerLag, differencesFound, lagNotMeasured, mostOpenOrders, openOrders } from './facts.ts';

export interface ScrapeDeps {
  readonly pool: Pool;
  readonly kafka: KafkaClient;
  readonly groups: readonly ConsumerGroup[];
  readonly log: Logger;
}

/** Measures what nobody else counts, for whoever scrapes and as often as he does, until disposed. */
export function answerScrapes({ pool, kafka, groups, log }: ScrapeDeps): AsyncDisposable {
  const answering = new AsyncDisposableStack();
  const lag = answering.use(createLagReader(kafka, groups));
  let isMissing = false;
  answering.use(
    consumerLag.answeredBy(async () => {
      try {
        const read = await lag.read();
        isMissing = false;
        return read.map(({ records: value, ...labels }) => ({ labels, value }));
      } catch (error) {
        if (!isMissing) lagNotMeasured(log, error);
        isMissing = true;
        throw error;
      }
    }),
  );
  answering.use(
    openOrders.answeredBy(async () => {
      const counted = await countOpenOrders(pool, mostOpenOrders);
      return Object.entries(counted).map(([status, value]) => ({ labels: { status }, value }));
    }),
  );
  answering.use(
    differencesFound.answeredBy(async () => {
      const differences = await countDifferences(pool);
      return differences === undefined ? [] : [{ labels: {}, value: differences }];
    }),
  );
  return answering;
}
