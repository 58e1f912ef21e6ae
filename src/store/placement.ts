import { sql } from 'slonik';
import { z } from 'zod';
import type { DomainEvent } from '../core/event.ts';
import type { Subject } from '../core/subject.ts';
import { within } from '../platform/within.ts';
import { coalesce } from './coalesce.ts';
import { type Claim, KeyBusyError, waitingForKey } from './idempotency.ts';
import { isLockedOut, type Pool, StoreUnavailableError } from './pool.ts';

type Value = string | number | Buffer | null;
type Column<Given> = readonly [name: string, type: string, read: (given: Given) => Value];

/** Where a kind of subject is kept, and how its beginning is announced. */
export interface SubjectTable<Of extends Subject> {
  readonly name: string;
  /** Those that are its own; ids and times are everybody's. */
  readonly columns: readonly Column<Of>[];
  readonly created: (subject: Of) => DomainEvent;
}

export interface Placement<Of extends Subject> {
  readonly subject: Of;
  /** The answer's body; a repeat of the request gets the same bytes. */
  readonly response: string;
  readonly claim: Claim;
  readonly traceparent: string | null;
}

export type Placed =
  | { readonly outcome: 'placed' }
  /** The key was used before, with the same request: the answer as it was given then. */
  | { readonly outcome: 'replayed'; readonly id: string; readonly response: string }
  | { readonly outcome: 'key_reused' };

export type Place<Of extends Subject> = (placement: Placement<Of>) => Promise<Placed>;

// Two keep both cores busy; one more only makes the batches smaller.
const batchesAtOnce = 2;
const maxTogether = 64;
// One subject of the largest size: a batch stays well within the time of one statement.
const maxCharacters = 2_097_152;
// As long as a statement may take: who has waited so long for one is told that Postgres is too busy.
const patienceMs = 5_000;
// As long as Postgres would make the second of two processes wait for the first.
const repeatWaitsMs = 1_000;

/** Those that arrive together share a statement, a commit and its fsync, each with its own outcome. */
export function createPlace<Of extends Subject>(pool: Pool, table: SubjectTable<Of>): Place<Of> {
  const underWay = new Map<string, Promise<Placed>>();
  const insert = createInsert(pool, table);
  const alone = createPlaceAlone(pool, table);
  const insertTogether = coalesce(insert, {
    atOnce: batchesAtOnce,
    maxItems: maxTogether,
    maxSize: maxCharacters,
    // The event says what the answer says, in other words.
    sizeOf: ({ response }) => response.length * 2,
    patienceMs,
    tooLate: () => new StoreUnavailableError(new Error(`no turn for it within ${patienceMs} ms`)),
    isEverybodys: (error) => error instanceof StoreUnavailableError && !isLockedOut(error),
  });
  const place = async (placement: Placement<Of>): Promise<Placed> =>
    (await waitingForKey(insertTogether(placement)))
      ? { outcome: 'placed' }
      : placedBefore(pool, placement, alone);
  return async (placement) => {
    const { caller, operation, key } = placement.claim;
    const name = JSON.stringify([caller, operation, key]);
    // A statement cannot claim a key twice: who comes second waits for the first, shares its failure, and finds its answer.
    const first = underWay.get(name);
    if (first !== undefined) {
      await within(repeatWaitsMs, first, () => new KeyBusyError());
      return placedBefore(pool, placement, alone);
    }
    const placing = place(placement);
    underWay.set(name, placing);
    try {
      return await placing;
    } finally {
      underWay.delete(name);
    }
  };
}

/** One by itself. */
export function createPlaceAlone<Of extends Subject>(pool: Pool, table: SubjectTable<Of>): Place<Of> {
  const insert = createInsert(pool, table);
  const place: Place<Of> = async (placement) => {
    const [isPlaced] = await waitingForKey(insert([placement]));
    return isPlaced ? { outcome: 'placed' } : placedBefore(pool, placement, place);
  };
  return place;
}

interface Row<Of extends Subject> extends Placement<Of> {
  readonly event: DomainEvent;
}

const everybodys: readonly Column<Row<Subject>>[] = [
  ['subject_id', 'uuid', ({ subject }) => subject.id],
  ['caller', 'text', ({ claim }) => claim.caller],
  ['operation', 'text', ({ claim }) => claim.operation],
  ['key', 'text', ({ claim }) => claim.key],
  ['fingerprint', 'bytea', ({ claim }) => claim.fingerprint],
  ['response', 'text', ({ response }) => response],
  ['ttl_seconds', 'float8', ({ claim }) => claim.ttlMs / 1_000],
  ['trace_id', 'text', ({ subject }) => subject.traceId],
  ['correlation_id', 'text', ({ subject }) => subject.correlationId],
  ['created_at', 'timestamptz', ({ subject }) => subject.createdAt.toISOString()],
  ['event_id', 'uuid', ({ event }) => event.id],
  ['event_type', 'text', ({ event }) => event.type],
  ['event_body', 'text', ({ event }) => JSON.stringify(event.body)],
  ['traceparent', 'text', ({ traceparent }) => traceparent],
];

const namesOf = (columns: readonly (readonly [name: string, ...rest: unknown[]])[]) =>
  sql.join(
    columns.map(([name]) => sql.identifier([name])),
    sql.fragment`, `,
  );

const claimed = z.object({ subject_id: z.string() });

/**
 * Key, subject and outbox row of each in one statement: all of it is durable, or none. False where the key was there before.
 * A key that another transaction is just writing makes this one wait for it; an expired key is taken over.
 * The keys must differ.
 */
function createInsert<Of extends Subject>(pool: Pool, table: SubjectTable<Of>) {
  const columns: readonly Column<Row<Of>>[] = [
    ...everybodys,
    ...table.columns.map(
      ([name, type, read]): Column<Row<Of>> => [name, type, ({ subject }) => read(subject)],
    ),
  ];
  const types = columns.map(([, type]) => type);
  const names = namesOf(columns);
  const own = namesOf(table.columns);
  const valuesOf = (placement: Placement<Of>): Value[] => {
    const row = { ...placement, event: table.created(placement.subject) };
    return columns.map(([, , read]) => read(row));
  };
  return async (placements: readonly Placement<Of>[]): Promise<boolean[]> => {
    const rows = await pool.rows(sql.type(claimed)`
      with given as materialized (
        select * from ${sql.unnest(placements.map(valuesOf), types)} as given (${names})
      ), claimed as (
        insert into idempotency_keys (caller, operation, key, fingerprint, order_id, response, expires_at)
        select caller, operation, key, fingerprint, subject_id, response, now() + make_interval(secs => ttl_seconds)
        from given
        -- Everywhere the same order: two batches with the same keys must not each wait for the other.
        order by caller, operation, key
        on conflict on constraint idempotency_keys_pkey do update set
          fingerprint = excluded.fingerprint,
          order_id = excluded.order_id,
          response = excluded.response,
          expires_at = excluded.expires_at
        where idempotency_keys.expires_at <= now()
        returning order_id as subject_id
      ), placed as (
        insert into ${sql.identifier([table.name])} (
          id, ${own}, trace_id, correlation_id, created_at, updated_at
        )
        select subject_id, ${own}, trace_id, correlation_id, created_at, created_at
        from given join claimed using (subject_id)
      ), announced as (
        insert into outbox (event_id, type, key, body, traceparent, correlation_id, created_at)
        select event_id, event_type, subject_id::text, event_body, traceparent, correlation_id, created_at
        from given join claimed using (subject_id)
      )
      select subject_id from claimed`);
    const inserted = new Set(rows.map(({ subject_id }) => subject_id));
    return placements.map(({ subject }) => inserted.has(subject.id));
  };
}

const earlier = z.object({ subject_id: z.string(), response: z.string().nullable() });

async function placedBefore<Of extends Subject>(
  pool: Pool,
  placement: Placement<Of>,
  placeAlone: Place<Of>,
): Promise<Placed> {
  const { caller, operation, key, fingerprint } = placement.claim;
  const [before] = await pool.rows(sql.type(earlier)`
    select order_id as subject_id, case when fingerprint = ${sql.binary(fingerprint)} then response end as response
    from idempotency_keys
    where caller = ${caller} and operation = ${operation} and key = ${key}`);
  // Gone between the two statements means it expired: what holds the key no longer is this very request.
  if (before === undefined) return placeAlone(placement);
  // An earlier try of this very call went through and only its answer was lost.
  if (before.subject_id === placement.subject.id) return { outcome: 'placed' };
  return before.response === null
    ? { outcome: 'key_reused' }
    : { outcome: 'replayed', id: before.subject_id, response: before.response };
}
