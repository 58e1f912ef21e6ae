import type { Config } from '../platform/config.ts';
import type { Pool } from '../store/pool.ts';
import type { Consumption } from './consume.ts';

/** How records that fail for a reason of their own are tried again, whoever consumes them. */
export function retrySettings(config: Config, pool: Pool): NonNullable<Consumption['retry']> {
  return {
    pool,
    topic: config.KAFKA_TOPIC_ORDER_RETRY,
    maxAttempts: config.RETRY_MAX_ATTEMPTS,
    initialMs: config.RETRY_INITIAL_INTERVAL,
    maxMs: config.RETRY_MAX_INTERVAL,
  };
}
