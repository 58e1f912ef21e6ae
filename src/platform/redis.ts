import { createClient } from '@redis/client';
import { within } from './within.ts';

export interface RedisSettings {
  /** host:port */
  readonly address: string;
  readonly password: string | undefined;
  readonly database: number;
}

export interface Redis extends AsyncDisposable {
  /** Sets the key for so long where it is not set; resolves to what it was then, null when it was not. Needs Redis 7. */
  claim(key: string, value: string, forMs: number): Promise<string | null>;
  set(key: string, value: string, forMs: number): Promise<void>;
  /** Removes the key if it still has this value. */
  release(key: string, value: string): Promise<void>;
  ping(): Promise<void>;
}

/** Redis did not do it and may do it later. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
  readonly code = 'redis_unavailable';

  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `Redis cannot be reached or does not answer (${reason}); look at it, and at REDIS_ADDR and REDIS_PASSWORD.`,
      {
        cause,
      },
    );
  }
}

// A hundred times what the slowest of these commands takes.
const answerMs = 1_000;
const longestPauseMs = 2_000;

// Comparing and removing are one step only in a script.
const releaseScript = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/** Connects in the background, and again for as long as it takes; meanwhile every command is refused at once. */
export function openRedis({ address, password, database }: RedisSettings): Redis {
  const at = address.lastIndexOf(':');
  const client = createClient({
    socket: {
      host: address.slice(0, at).replace(/^\[|\]$/g, ''),
      port: Number(address.slice(at + 1)),
      connectTimeout: answerMs,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, longestPauseMs),
    },
    database,
    ...(password === undefined ? {} : { password }),
    // Whoever asks repeats by himself, and must hear of a fault at once.
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
  });
  // Each command reports its own failure; without a listener the client's copy of it would end the process.
  let lastError: unknown = 'not yet';
  client.on('error', (error) => {
    lastError = error;
  });
  const connecting = client.connect().catch(() => {});

  async function answered<T>(command: () => Promise<T>): Promise<T> {
    try {
      // The first command may come before the connection.
      if (!client.isReady) await within(answerMs, connecting, () => new Error(`no connection, ${lastError}`));
      return await within(answerMs, command(), () => new Error(`no answer in ${answerMs} ms`));
    } catch (error) {
      throw new RedisUnavailableError(error);
    }
  }

  return {
    claim: (key, value, forMs) =>
      answered(() =>
        client.set(key, value, { condition: 'NX', GET: true, expiration: { type: 'PX', value: forMs } }),
      ),
    set: async (key, value, forMs) => {
      await answered(() => client.set(key, value, { expiration: { type: 'PX', value: forMs } }));
    },
    release: async (key, value) => {
      await answered(() => client.eval(releaseScript, { keys: [key], arguments: [value] }));
    },
    ping: async () => {
      await answered(() => client.ping());
    },
    async [Symbol.asyncDispose]() {
      if (client.isOpen) client.destroy();
      await connecting;
    },
  };
}
