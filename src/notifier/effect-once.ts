import type { RecordPosition } from '../workflows/contract.ts';

/** Where it is written down which events have had their effect. */
export interface Marks extends AsyncDisposable {
  /** `done` when the event has its mark; `new` lets the caller go ahead. Rejects when that cannot be said now. */
  claim(eventId: string, record: RecordPosition): Promise<'new' | 'done'>;
  /** Resolves when the mark is durable. */
  mark(eventId: string, record: RecordPosition): Promise<void>;
  /** Gives a claim back whose effect failed. */
  release(eventId: string): Promise<void>;
  /** Partitions have been assigned: other members may have made marks. */
  assigned(): void;
  /** Rejects when no event can have its effect at present. */
  check(): Promise<void>;
}

interface Event {
  readonly eventId: string;
}

/**
 * The effect first, then its mark: who dies in between, or loses the partition before the mark could be made, leaves an effect
 * without one, and the next reader repeats it. Here a mark that cannot be made is made by a later try, without the effect, and
 * an event's records come one after another.
 *
 * An effect that fails may have happened all the same, its answer lost: a later try repeats it, so that `effect` has to
 * recognise its own repeats.
 */
export function effectOnce<E extends Event>(marks: Marks, effect: (event: E) => Promise<void>) {
  const underWay = new Map<string, Promise<boolean>>();
  const unmarked = new Set<string>();

  async function attempt(event: E, record: RecordPosition): Promise<boolean> {
    const { eventId } = event;
    if (!unmarked.has(eventId)) {
      if ((await marks.claim(eventId, record)) === 'done') return false;
      try {
        await effect(event);
      } catch (error) {
        // The effect's failure is what the caller has to know of.
        await marks.release(eventId).catch(() => {});
        throw error;
      }
      unmarked.add(eventId);
    }
    await marks.mark(eventId, record);
    unmarked.delete(eventId);
    return true;
  }

  /** False when an earlier record of the event had the effect. */
  return async (event: E, record: RecordPosition): Promise<boolean> => {
    const { eventId } = event;
    for (let before = underWay.get(eventId); before !== undefined; before = underWay.get(eventId))
      await before.catch(() => {});
    const trying = attempt(event, record);
    underWay.set(eventId, trying);
    try {
      return await trying;
    } finally {
      underWay.delete(eventId);
    }
  };
}
