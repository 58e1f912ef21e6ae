import { outboxPartitions } from './outbox.ts';
import { openSession } from './session.ts';

// Any constant of the product's own: the first half of its advisory locks' keys.
const lockSpace = 7_426_000;

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
  on: { onWake: () => void; onLost: (error: Error) => void },
): Promise<RelaySession> {
  const session = await openSession(databaseUrl, { channel: 'outbox', ...on });
  const held = new Set<number>();
  return {
    async claimPartitions() {
      const missing = Array.from({ length: outboxPartitions }, (_, partition) => partition).filter(
        (partition) => !held.has(partition),
      );
      const { rows } = await session.client.query<{ partition: number }>(
        'select partition from unnest($1::int4[]) as partition where pg_try_advisory_lock($2, partition)',
        [missing, lockSpace],
      );
      for (const { partition } of rows) held.add(partition);
      return [...held];
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
