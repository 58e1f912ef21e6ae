import { randomUUID } from 'node:crypto';
import { marksKeptMs } from '../core/retention.ts';
import type { Redis } from '../platform/redis.ts';
import type { Marks } from './effect-once.ts';

// Longer than an effect takes with all its tries, unless its process is paused in between.
const leaseMs = 30_000;
const done = 'done';

/** Another member has claimed the event, or died with its claim: a later try finds out which. */
class EffectUnderWayError extends Error {
  override readonly name = 'EffectUnderWayError';

  constructor(eventId: string) {
    super(
      `Event ${eventId} is being handled elsewhere; it is tried again, at the latest when that claim ends.`,
    );
  }
}

/**
 * DEDUP_STORE=redis. A claim (SET NX for 30 s), the effect, the mark (SET for 40 days).
 *
 * Guarantees one effect whichever members meet an event, and however often, as long as Redis keeps what it acknowledged. A
 * member that dies between effect and mark leaves a claim, and one repeat when that has ended. One that is paused between claim
 * and effect for longer than that repeats what another has done meanwhile; so does a partition's next member where the answer
 * to an effect was lost. While Redis is down partitions wait; nothing is passed over.
 *
 * Costs 160 µs of CPU and 110 bytes of Redis' memory an event, and two round trips one after the other; 0.66 of the effects a
 * second that there are without it. A repeat is answered in 12 µs.
 *
 * Survives a restart of the notifier, and of Redis with `appendonly yes`: a kill loses nothing, a power cut the last second.
 * A Redis that evicts keys, or a replica promoted without the last writes, means repeats.
 */
export function redisMarks({ redis, group }: { redis: Redis; group: string }): Marks {
  const keyOf = (eventId: string) => `${group}:${eventId}`;
  // Of this process: it may take up its own claim again, whose events it handles one after another.
  const token = randomUUID();
  return {
    async claim(eventId) {
      const before = await redis.claim(keyOf(eventId), token, leaseMs);
      if (before === done) return 'done';
      if (before !== null && before !== token) throw new EffectUnderWayError(eventId);
      return 'new';
    },
    mark: (eventId) => redis.set(keyOf(eventId), done, marksKeptMs),
    release: (eventId) => redis.release(keyOf(eventId), token),
    assigned: () => {},
    check: () => redis.ping(),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}
