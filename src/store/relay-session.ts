import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import { outboxPartitions } from './outbox.ts';

// Any constant of the product's own: the first half of its advisory locks' keys.
const lockSpace = 7_426_000;
const wakeChannel = 'outbox';

export interface RelaySession extends AsyncDisposable {
  /** Takes every partition that no other relay holds; resolves to all that this one holds now. */
  claimPartitions(): Promise<readonly number[]>;
}

/**
 * A connection of the relay's own: it holds the partitions' advisory locks and hears the wake-up calls.
 * When it is lost the locks are gone too, so `onLost` must end all sending.
 */
export async function openRelaySession(
  databaseUrl: string,
  { onWake, onLost }: { onWake: () => void; onLost: (error: Error) => void },
): Promise<RelaySession> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    query_timeout: 5_000,
  });
  client.on('error', onLost);
  client.on('notification', onWake);
  try {
    await client.connect();
    await client.query(`listen ${wakeChannel}`);
  } catch (error) {
    await end(client);
    throw error;
  }
  const held = new Set<number>();
  return {
    async claimPartitions() {
      const missing = Array.from({ length: outboxPartitions }, (_, partition) => partition).filter(
        (partition) => !held.has(partition),
      );
      const { rows } = await client.query<{ partition: number }>(
        'select partition from unnest($1::int4[]) as partition where pg_try_advisory_lock($2, partition)',
        [missing, lockSpace],
      );
      for (const { partition } of rows) held.add(partition);
      return [...held];
    },
    async [Symbol.asyncDispose]() {
      client.off('error', onLost);
      client.on('error', () => {});
      await end(client);
    },
  };
}

/** A peer that no longer answers must not hold the relay up: the socket goes after a second, and the locks with it. */
async function end(client: Client): Promise<void> {
  const patience = new AbortController();
  const waited = setTimeout(1_000, 'waited' as const, { signal: patience.signal }).catch(
    () => 'ended' as const,
  );
  const outcome = await Promise.race([client.end().catch(() => {}), waited]);
  patience.abort();
  if (outcome === 'waited') client.connection.stream.destroy();
}
