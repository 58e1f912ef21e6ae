import { type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { columns, facts, type Letter, type LetterFacts, letterFacts, letterRow } from './dead-letter-row.ts';
import type { Pool } from './pool.ts';

/** The place of a letter in a list: they are in the order of time, and of ids at the same time. */
interface LetterPlace {
  readonly at: Date;
  readonly id: string;
}
export type LetterPosition = { readonly older: LetterPlace } | { readonly newer: LetterPlace };

export interface LetterFilter {
  readonly class?: string | undefined;
  readonly topic?: string | undefined;
  readonly group?: string | undefined;
  readonly eventId?: string | undefined;
  readonly key?: string | undefined;
  /** From this time on, and before that one. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

// A letter may have megabytes of headers; a page of a hundred would outlast the statement's time limit.
const pageBytes = 4_194_304;
const listedRow = letterRow.extend({ found: z.number() });

/** The nearest beyond `position`, newest first; at least one where there is one, and no more than some 4 MB. */
export async function listLetters(
  pool: Pool,
  filter: LetterFilter,
  { position, limit }: { position?: LetterPosition | undefined; limit: number },
): Promise<{ letters: readonly Letter[]; isCut: boolean }> {
  const nearestFirst =
    position !== undefined && 'newer' in position
      ? sql.fragment`order by at, id`
      : sql.fragment`order by at desc, id desc`;
  const rows = await pool.rows(sql.type(listedRow)`
    with page as (
      select ${columns}, octet_length(headers::text) + coalesce(octet_length(key), 0) as bytes
      from dead_letters
      where ${conditions(filter)} ${beyond(position)}
      ${nearestFirst}
      limit ${limit}
    ), measured as (
      select *, sum(bytes) over (${nearestFirst}) - bytes as bytes_before from page
    )
    select *, (select count(*)::int4 from page) as found from measured
    where bytes_before < ${pageBytes}
    order by at desc, id desc`);
  return { letters: rows, isCut: rows.length < (rows[0]?.found ?? 0) };
}

function conditions({ class: ofClass, topic, group, eventId, key, from, to }: LetterFilter) {
  const asked = [
    ofClass === undefined ? [] : sql.fragment`class = ${ofClass}`,
    topic === undefined ? [] : sql.fragment`topic = ${topic}`,
    group === undefined ? [] : sql.fragment`consumer_group = ${group}`,
    eventId === undefined ? [] : sql.fragment`event_id = ${eventId}`,
    key === undefined ? [] : sql.fragment`key = ${sql.binary(Buffer.from(key))}`,
    from === undefined ? [] : sql.fragment`at >= ${moment(from)}`,
    to === undefined ? [] : sql.fragment`at < ${moment(to)}`,
  ].flat();
  return asked.length === 0 ? sql.fragment`true` : sql.join(asked, sql.fragment` and `);
}

function beyond(position: LetterPosition | undefined): FragmentSqlToken {
  if (position === undefined) return sql.fragment``;
  if ('older' in position)
    return sql.fragment`and (at, id) < (${moment(position.older.at)}, ${position.older.id})`;
  return sql.fragment`and (at, id) > (${moment(position.newer.at)}, ${position.newer.id})`;
}

// As a number: the year 0 of ISO 8601 is none in Postgres' text.
const moment = (time: Date): FragmentSqlToken =>
  sql.fragment`to_timestamp(${time.getTime() / 1_000}::float8)`;

const wholeLetter = letterRow.extend({ value: z.custom<Buffer>().nullable() });
export type WholeLetter = z.output<typeof wholeLetter>;

export async function findLetter(pool: Pool, id: string): Promise<WholeLetter | undefined> {
  const [letter] = await pool.rows(sql.type(wholeLetter)`
    select ${columns}, value from dead_letters where id = ${id}`);
  return letter;
}

/** Those that have one of these names, their own or their event's; oldest first. */
export function findLettersNamed(
  pool: Pool,
  { names, limit }: { names: readonly string[]; limit: number },
): Promise<readonly LetterFacts[]> {
  const given = sql.array([...names], 'text');
  return pool.rows(sql.type(letterFacts)`
    select ${facts} from dead_letters where id = any(${given}) or event_id = any(${given})
    order by at, id limit ${limit}`);
}

/** Those of `from` and later that are before `to`, and beyond `after` if given; oldest first. */
export function findLettersBetween(
  pool: Pool,
  {
    from,
    to,
    after,
    limit,
  }: { from: Date; to: Date; after: Extract<LetterPosition, { newer: unknown }> | undefined; limit: number },
): Promise<readonly LetterFacts[]> {
  return pool.rows(sql.type(letterFacts)`
    select ${facts} from dead_letters where ${conditions({ from, to })} ${beyond(after)}
    order by at, id limit ${limit}`);
}
