import { sql } from 'slonik';
import { z } from 'zod';
import { isId } from '../core/id.ts';
import type { LetterFacts } from './dead-letter-row.ts';
import type { Pool } from './pool.ts';

/** `done`: to handle the record once more would do nothing; `unknown`: what it speaks of is not here. */
export type Effect = 'done' | 'open' | 'unknown';

type Read = (pool: Pool, letters: readonly LetterFacts[]) => Promise<ReadonlyMap<string, Effect>>;

// Of a group, by what stands after the name that all have in common: one that nobody knows has no effect here.
const effectsOf: Readonly<Record<string, Read>> = {
  '': (pool, letters) =>
    byKey(letters, (ids) =>
      pool.rows(sql.type(effectRow)`
        select id, status <> 'pending' as is_done from orders where id = any(${ids})`),
    ),
  '-transactions': (pool, letters) =>
    byKey(letters, (ids) =>
      pool.rows(sql.type(effectRow)`
        select id, status <> 'PENDING' as is_done from transactions where id = any(${ids})`),
    ),
  '-notifier': async (pool, letters) =>
    byIds(await eventsOf(pool, letters), (ids) =>
      pool.rows(sql.type(effectRow)`
        select distinct event_id as id, true as is_done from notifications where event_id = any(${ids})`),
    ),
};

const effectRow = z.object({ id: z.string(), is_done: z.boolean() });

/** Which of these letters' records have had their effect already, by the letter's id; `consumerGroup` is how all groups' names begin. */
export async function effectExists(
  pool: Pool,
  letters: readonly LetterFacts[],
  consumerGroup: string,
): Promise<ReadonlyMap<string, Effect>> {
  const all = await Promise.all(
    Object.entries(effectsOf).map(([suffix, read]) => {
      const own = letters.filter(({ consumer_group }) => consumer_group === consumerGroup + suffix);
      return own.length === 0 ? new Map<string, Effect>() : read(pool, own);
    }),
  );
  return new Map(all.flatMap((some) => [...some]));
}

const uuids = (ids: readonly string[]) => sql.array([...ids], 'uuid');

type Find = (ids: ReturnType<typeof uuids>) => Promise<readonly z.output<typeof effectRow>[]>;

/** Where the record's key is the id of what it is about. */
async function byKey(letters: readonly LetterFacts[], find: Find): Promise<ReadonlyMap<string, Effect>> {
  return byIds(
    new Map(letters.map(({ id, short_key }) => [id, [short_key?.toString().toLowerCase() ?? '']])),
    find,
  );
}

const eventRow = z.object({ letter_id: z.string(), event_id: z.string() });

/** The event of each letter, and those that edits of it were sent as. */
async function eventsOf(
  pool: Pool,
  letters: readonly LetterFacts[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const letterIds = sql.array(
    letters.map(({ id }) => id),
    'text',
  );
  const edits = await pool.rows(sql.type(eventRow)`
    select letter_id, event_id from replays
    where letter_id = any(${letterIds}) and edited_value is not null and event_id is not null`);
  const edited = Map.groupBy(edits, ({ letter_id }) => letter_id);
  return new Map(
    letters.map(({ id, event_id }) => [
      id,
      [event_id?.toLowerCase() ?? '', ...(edited.get(id) ?? []).map((edit) => edit.event_id)],
    ]),
  );
}

/** `ids`: of what each letter is about, by the letter's own; any that is done will do. */
async function byIds(
  ids: ReadonlyMap<string, readonly string[]>,
  find: Find,
): Promise<ReadonlyMap<string, Effect>> {
  const found = await find(uuids([...new Set([...ids.values()].flat())].filter(isId)));
  const isDone = new Map(found.map(({ id, is_done }) => [id, is_done]));
  return new Map(
    [...ids].map(([letter, about]) => {
      const known = about.flatMap((id) => isDone.get(id) ?? []);
      if (known.includes(true)) return [letter, 'done'];
      return [letter, known.length === 0 ? 'unknown' : 'open'];
    }),
  );
}
