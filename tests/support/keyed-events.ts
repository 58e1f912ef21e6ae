import type { TestDatabase } from './database.ts';
import type { Received } from './kafka.ts';

/** A way to fill an outbox with events whose order within their key can be told from outside. */
export interface KeyedEvents {
  readonly keys: readonly string[];
  /** One event more for each key, in one transaction; resolves when it is committed. */
  add(): Promise<void>;
  /** For each key the ids of its rows in the order in which they were written. */
  written(): ReadonlyMap<string, readonly string[]>;
}

export function keyedEvents(database: TestDatabase, howMany: number): KeyedEvents {
  const keys = Array.from({ length: howMany }, (_, at) => `key-${at}`);
  const written = new Map<string, string[]>(keys.map((key) => [key, []]));
  return {
    keys,
    async add() {
      const rows = await database.rows<{ key: string; event_id: string }>(
        `insert into outbox (event_id, type, key, body, created_at)
         select gen_random_uuid(), 'order.created', key, '{}', now() from unnest($1::text[]) as key
         returning key, event_id`,
        [keys],
      );
      for (const { key, event_id } of rows) written.get(key)?.push(event_id);
    },
    written: () => written,
  };
}

/** For each key the event ids of its records as they lie in its topic partition, each at its first copy. */
export function firstCopies(records: readonly Received[]): ReadonlyMap<string, readonly string[]> {
  const byKey = Map.groupBy(records, ({ key }) => String(key));
  return new Map(
    Array.from(byKey, ([key, own]) => {
      const inOrder = own.toSorted((one, other) => Number(one.offset) - Number(other.offset));
      return [key, [...new Set(inOrder.map(({ headers }) => String(headers?.ce_id)))]];
    }),
  );
}
