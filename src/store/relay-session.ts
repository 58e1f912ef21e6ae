import { fairShare } from './fair-share.ts';
import { outboxPartitions } from './outbox.ts';
import { openSession } from './session.ts';

// Any constant of the product's own: the first half of its advisory locks' keys.
const lockSpace = 7_426_000;
// The second half is a partition, or this, which every relay holds together with all others.
const presence = outboxPartitions;
// Postgres ends a session that has asked nothing for so long: longer than one try of a publish (10 s) and the poll behind it.
const longestSilenceMs = 15_000;

interface Shares {
  /** Partitions that this relay holds. */
  readonly own: readonly number[];
  /** Relays among which they are shared out. */
  readonly relays: number;
}

export interface RelaySession extends AsyncDisposable {
  /**
   * Gives back what is above this relay's fair share, takes what is free below it, and keeps the session alive: to be called
   * every few seconds, and never while rows of its partitions are under way.
   */
  sharePartitions(): Promise<Shares>;
  /** Throws when the session is lost, or may have ended without this process having heard of it. */
  assertAlive(): void;
}

/**
 * A connection of the relay's own: it holds the partitions' advisory locks and hears the wake-up calls.
 * When it is lost the locks are gone too, so `onLost` must end all sending. A relay that is stopped or stuck keeps its
 * partitions until Postgres ends its session, `silenceMs` after its last word; what it wakes up to is not its own any more.
 */
export async function openRelaySession(
  databaseUrl: string,
  on: { onWake: () => void; onLost: (error: Error) => void },
  silenceMs = longestSilenceMs,
): Promise<RelaySession> {
  const lost = new AbortController();
  const onLost = (error: Error): void => {
    lost.abort(error);
    on.onLost(error);
  };
  await using opening = new AsyncDisposableStack();
  const { client } = opening.use(await openSession(databaseUrl, { channel: 'outbox', ...on, onLost }));
  const ask = async <Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> =>
    (await client.query<Row>(text, [...values])).rows;
  let heardAt = performance.now();
  await ask(`select set_config('idle_session_timeout', $1, false), pg_advisory_lock_shared($2, $3)`, [
    `${silenceMs}ms`,
    lockSpace,
    presence,
  ]);
  const opened = opening.move();
  return {
    async sharePartitions() {
      const askedAt = performance.now();
      const locks = await ask<Lock>(locksHeld, [lockSpace]);
      heardAt = askedAt;
      const { own, surplus, free, relays } = shareOut(locks);
      if (surplus.length > 0) await ask(giveBack, [lockSpace, surplus]);
      const taken = free.length > 0 ? await ask<{ partition: number }>(take, [lockSpace, free]) : [];
      return { own: [...own, ...taken.map(({ partition }) => partition)], relays };
    },
    assertAlive() {
      lost.signal.throwIfAborted();
      if (performance.now() - heardAt >= silenceMs)
        throw new Error(`The relay was held up for ${silenceMs} ms; its partitions may be another's by now.`);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

interface Lock {
  readonly number: number;
  readonly is_own: boolean;
}

// Advisory locks belong to a database, and pg_locks lists those of all.
const locksHeld = `
  select objid::int4 as number, pid = pg_backend_pid() as is_own
  from pg_locks
  where locktype = 'advisory' and classid = $1 and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database())
  order by pid, objid`;
const giveBack = 'select pg_advisory_unlock($1, partition) from unnest($2::int4[]) as partition';
// Another may be faster: what is free is only tried.
const take =
  'select partition from unnest($2::int4[]) as partition where pg_try_advisory_lock($1, partition)';

/** The same in every relay's eyes: their order is that of their sessions' pids. */
function shareOut(locks: readonly Lock[]) {
  const present = locks.filter(({ number }) => number === presence);
  const rank = present.findIndex(({ is_own }) => is_own);
  const partitions = locks.filter(({ number }) => number !== presence);
  return {
    relays: present.length,
    ...fairShare({
      rank,
      relays: present.length,
      held: partitions.filter(({ is_own }) => is_own).map(({ number }) => number),
      taken: partitions.map(({ number }) => number),
    }),
  };
}
