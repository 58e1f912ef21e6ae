import { readConfig } from '../../src/platform/config.ts';

/** Where the test stack's parts are; without them a test must not reach for the default addresses, which are those of `make up`. */
export function parts(): { databaseUrl: string; brokers: readonly string[]; temporalAddress: string } {
  const { DATABASE_URL, DB_PORT, KAFKA_BROKERS, TEMPORAL_ADDRESS } = process.env;
  if (!(DATABASE_URL || DB_PORT) || !KAFKA_BROKERS || !TEMPORAL_ADDRESS)
    throw new Error('This test needs the test stack: add its file to `integration` in jest.config.js.');
  const config = readConfig();
  return {
    databaseUrl: config.databaseUrl,
    brokers: config.KAFKA_BROKERS,
    temporalAddress: config.TEMPORAL_ADDRESS,
  };
}
