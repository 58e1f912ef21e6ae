const hourMs = 3_600_000;

/** Event ids and the hour of their marks, those of a partition together: a Map ends at 2^24 entries. */
export interface KnownMarks {
  has(eventId: string): boolean;
  add(partition: number, eventId: string, timeMs: number): void;
  readonly size: number;
}

/** Forgets what is older than `keptMs`, within the hour. */
export function createKnownMarks(keptMs: number, now: () => number = Date.now): KnownMarks {
  const partitions = new Map<number, Map<string, number>>();
  let sweptAt = 0;
  const hourOf = (timeMs: number) => Math.floor(timeMs / hourMs);

  function forgetOld(): void {
    const hour = hourOf(now());
    if (hour === sweptAt) return;
    sweptAt = hour;
    const oldest = hourOf(now() - keptMs);
    for (const marks of partitions.values()) {
      // A partition's marks come in the order of their time.
      for (const [eventId, markedAt] of marks) {
        if (markedAt >= oldest) break;
        marks.delete(eventId);
      }
    }
  }

  return {
    has(eventId) {
      for (const marks of partitions.values()) if (marks.has(eventId)) return true;
      return false;
    },
    add(partition, eventId, timeMs) {
      forgetOld();
      if (timeMs < now() - keptMs) return;
      const marks = partitions.get(partition) ?? new Map<string, number>();
      partitions.set(partition, marks);
      marks.delete(eventId);
      marks.set(eventId, hourOf(timeMs));
    },
    get size() {
      return [...partitions.values()].reduce((sum, { size }) => sum + size, 0);
    },
  };
}
