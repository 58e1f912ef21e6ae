import { type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import type { Pool } from './pool.ts';
import { type StoredHeaders, storedHeaders } from './stored-headers.ts';

/** A record, by where it was first read. */
interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

export interface Waiting extends Origin {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: StoredHeaders;
  /** Attempts that failed so far. */
  readonly attempts: number;
  readonly reason: string;
  readonly dueMs: number;
}

/** Keeps its key's later records behind it from now on; says nothing new of one that waits already. */
export async function keepWaiting(pool: Pool, group: string, waiting: Waiting): Promise<void> {
  await pool.rows(sql.unsafe`
    ${insert(group, waiting, false)}
    on conflict on constraint waiting_records_origin do nothing`);
}

/** Lets it wait too when its key waits; resolves to its failed attempts, undefined when there is nothing to wait for. */
export async function joinWaiting(pool: Pool, group: string, waiting: Waiting): Promise<number | undefined> {
  const [row] = await pool.rows(sql.type(z.object({ attempts: z.number() }))`
    with before as (
      select from waiting_records
      where consumer_group = ${group} and key_hash = sha256(${bytes(waiting.key)})
      limit 1
    ), joined as (
      ${insert(group, waiting, false, sql.fragment`where exists (select from before)`)}
      on conflict on constraint waiting_records_origin do update set attempts = waiting_records.attempts
      returning attempts
    )
    select attempts from joined`);
  return row?.attempts;
}

/** Has it tried, as it came back. A replay begins anew, also where an attempt is under way. */
export async function parkWaiting(
  pool: Pool,
  group: string,
  { isReplay, ...waiting }: Waiting & { isReplay: boolean },
): Promise<void> {
  const anew = sql.fragment`
    arrived = true, value = excluded.value, headers = excluded.headers, attempts = excluded.attempts, unreported = 0,
    reason = excluded.reason, due_at = excluded.due_at, version = waiting_records.version + 1`;
  await pool.rows(sql.unsafe`
    ${insert(group, waiting, true)}
    on conflict on constraint waiting_records_origin do update set ${isReplay ? anew : sql.fragment`arrived = true`}`);
}

const dueRow = z.object({
  id: z.number(),
  topic: z.string(),
  partition: z.number(),
  offset: z.string(),
  key: z.instanceof(Buffer).nullable(),
  value: z.instanceof(Buffer).nullable(),
  headers: storedHeaders,
  attempts: z.number(),
  unreported: z.number(),
  version: z.number(),
});
export type DueRecord = z.output<typeof dueRow>;

// Its copy has been lost, or its topic deleted.
const unarrived = sql.fragment`case when arrived then interval '0' else interval '1 minute' end`;

/** Takes the first of each key that is due. Nobody else gets them for `leaseMs`. */
export function claimDue(
  pool: Pool,
  group: string,
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<readonly DueRecord[]> {
  return pool.rows(sql.type(dueRow)`
    update waiting_records
    set unreported = unreported + 1, due_at = now() + ${leaseMs} * interval '1 ms'
    where id in (
      select id from waiting_records as waiting
      where consumer_group = ${group} and due_at <= now() - ${unarrived} and ${isFirst(group)}
      order by due_at
      limit ${limit}
      for update skip locked
    )
    returning
      id, topic, partition, record_offset::text as offset, key, value, headers, attempts, unreported, version`);
}

type Claimed = Pick<DueRecord, 'id' | 'version'>;

/** For another attempt; `attempts` that failed. Nothing when a replay has come meanwhile, which is due itself. */
export async function postponeWaiting(
  pool: Pool,
  { id, version }: Claimed,
  { attempts, reason, dueMs }: Pick<Waiting, 'attempts' | 'reason' | 'dueMs'>,
): Promise<void> {
  await pool.rows(sql.unsafe`
    update waiting_records
    set attempts = ${attempts}, unreported = 0, reason = ${reason}, due_at = now() + ${dueMs} * interval '1 ms'
    where id = ${id} and version = ${version}`);
}

/** It waits no longer, unless a replay has come meanwhile. */
export async function endWaiting(pool: Pool, { id, version }: Claimed): Promise<void> {
  await pool.rows(sql.unsafe`delete from waiting_records where id = ${id} and version = ${version}`);
}

// More than that, and a consumer asks here for each record.
export const mostKeys = 10_000;

const overview = z.object({ waiting: z.number(), keys: z.array(z.string()), due_ms: z.number().nullable() });

/**
 * How many of the group's records wait, the SHA-256 of their keys in hexadecimal (one more than `mostKeys` at most), and the
 * time until one is tried again: null when none waits.
 */
export async function readWaiting(pool: Pool, group: string): Promise<z.output<typeof overview>> {
  const [row] = await pool.rows(sql.type(overview)`
    select
      (select count(*) from waiting_records where consumer_group = ${group}) as waiting,
      array(
        select distinct encode(key_hash, 'hex') from waiting_records
        where consumer_group = ${group} and key_hash is not null
        limit ${mostKeys + 1}
      ) as keys,
      (
        select (extract(epoch from min(due_at + ${unarrived}) - now()) * 1000)::float8
        from waiting_records as waiting
        where consumer_group = ${group} and ${isFirst(group)}
      ) as due_ms`);
  return row ?? { waiting: 0, keys: [], due_ms: null };
}

/** Of its key, among the group's. */
function isFirst(group: string): FragmentSqlToken {
  return sql.fragment`not exists (
    select from waiting_records as earlier
    where earlier.consumer_group = ${group} and earlier.key_hash = waiting.key_hash and earlier.id < waiting.id
  )`;
}

function insert(
  group: string,
  { topic, partition, offset, key, value, headers, attempts, reason, dueMs }: Waiting,
  arrived: boolean,
  where = sql.fragment``,
): FragmentSqlToken {
  return sql.fragment`
    insert into waiting_records
      (consumer_group, topic, partition, record_offset, key, value, headers, attempts, reason, due_at, arrived)
    select
      ${group}, ${topic}, ${partition}::integer, ${offset}::bigint, ${bytes(key)}, ${bytes(value)}, ${sql.json({ ...headers })},
      ${attempts}::integer, ${reason}, now() + ${dueMs} * interval '1 ms', ${arrived}::boolean
    ${where}`;
}

function bytes(given: Buffer | null): FragmentSqlToken {
  return given === null ? sql.fragment`null::bytea` : sql.fragment`${sql.binary(given)}::bytea`;
}
