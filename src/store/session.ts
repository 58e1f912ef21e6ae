import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';

export interface Session extends AsyncDisposable {
  readonly client: Client;
}

export interface Listening {
  readonly channel: string;
  readonly onWake: () => void;
  /** What the session held, and whatever is announced from now on, is lost. */
  readonly onLost: (error: Error) => void;
}

/** A connection outside of the pool, which hears what is announced on a channel. */
export async function openSession(
  databaseUrl: string,
  { channel, onWake, onLost }: Listening,
): Promise<Session> {
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
    await client.query(`listen ${channel}`);
  } catch (error) {
    await end(client);
    throw error;
  }
  return {
    client,
    async [Symbol.asyncDispose]() {
      client.off('error', onLost);
      client.on('error', () => {});
      await end(client);
    },
  };
}

/** A peer that no longer answers must not hold anybody up: the socket goes after a second, and the session's locks with it. */
async function end(client: Client): Promise<void> {
  const patience = new AbortController();
  const waited = setTimeout(1_000, 'waited' as const, { signal: patience.signal }).catch(
    () => 'ended' as const,
  );
  const outcome = await Promise.race([client.end().catch(() => {}), waited]);
  patience.abort();
  if (outcome === 'waited') client.connection.stream.destroy();
}
