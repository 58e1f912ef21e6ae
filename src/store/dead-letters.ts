import { sql } from 'slonik';
import { z } from 'zod';
import type { Pool } from './pool.ts';
import type { StoredHeaders } from './stored-headers.ts';

/** A dead letter as it lies on its topic, and what its headers say of where it came from. */
export interface NewLetter {
  readonly id: string;
  /** null: no consumer of ours set it aside. */
  readonly group: string | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: StoredHeaders;
  readonly eventId: string | null;
  readonly class: string;
  readonly reason: string;
  readonly attempts: number;
  readonly traceparent: string | null;
  readonly at: Date;
  readonly isCut: boolean;
  readonly lies: { readonly topic: string; readonly partition: number; readonly offset: number };
}

const idRow = z.object({ id: z.string() });

/** Keeps these, and resolves to the ids of those that were not known, or have come back since. Any of it may be read again. */
export async function keepLetters(pool: Pool, letters: readonly NewLetter[]): Promise<ReadonlySet<string>> {
  const given = sql.unnest(letters.map(valuesOf), [
    ...['text', 'text', 'text', 'int4', 'int8', 'text', 'text', 'json', 'text', 'text', 'text'],
    ...['int4', 'text', 'timestamptz', 'bool', 'text', 'int4', 'int8'],
  ]);
  const rows = await pool.rows(sql.type(idRow)`
    insert into dead_letters as known (
      id, consumer_group, topic, partition, record_offset, key, value, headers, event_id, class, reason,
      attempts, traceparent, at, is_cut, dlq_topic, dlq_partition, dlq_offset
    )
    -- A statement changes a row once: of those that came back within one batch, the last.
    select distinct on (id)
      id, consumer_group, topic, partition, record_offset, decode(key, 'base64'), decode(value, 'base64'), headers, event_id,
      class, reason, attempts, traceparent, at, is_cut, dlq_topic, dlq_partition, dlq_offset
    from (
      select distinct on (id, dlq_topic, dlq_partition) *
      from ${given} as given (
        id, consumer_group, topic, partition, record_offset, key, value, headers, event_id, class, reason,
        attempts, traceparent, at, is_cut, dlq_topic, dlq_partition, dlq_offset
      )
      order by id, dlq_topic, dlq_partition, dlq_offset desc
    ) as last_of_partition
    -- Everywhere the same order: two keepers must not wait for each other in a circle.
    order by id, at desc
    -- What comes back may be an edit that failed: the letter keeps the record as it was.
    on conflict on constraint dead_letters_pkey do update set
      class = excluded.class, reason = excluded.reason, attempts = excluded.attempts, at = excluded.at,
      dlq_topic = excluded.dlq_topic, dlq_partition = excluded.dlq_partition, dlq_offset = excluded.dlq_offset
    -- Which of two came later a partition knows for certain, clocks only where they agree.
    where case
      when (excluded.dlq_topic, excluded.dlq_partition) = (known.dlq_topic, known.dlq_partition)
        then excluded.dlq_offset > known.dlq_offset
      else excluded.at > known.at
    end
    returning id`);
  return new Set(rows.map(({ id }) => id));
}

function valuesOf(letter: NewLetter) {
  const { lies } = letter;
  return [
    letter.id,
    letter.group,
    letter.topic,
    letter.partition,
    letter.offset,
    letter.key?.toString('base64') ?? null,
    letter.value?.toString('base64') ?? null,
    JSON.stringify(letter.headers),
    letter.eventId,
    letter.class,
    letter.reason,
    letter.attempts,
    letter.traceparent,
    letter.at.toISOString(),
    letter.isCut,
    lies.topic,
    lies.partition,
    lies.offset,
  ];
}

/** Forgets up to `limit` letters that are older than `ms`; resolves to how many. */
export async function sweepLetters(
  pool: Pool,
  { ms, limit }: { ms: number; limit: number },
): Promise<number> {
  const rows = await pool.rows(sql.type(idRow)`
    delete from dead_letters where id in (
      select id from dead_letters where at < now() - make_interval(secs => ${ms / 1_000}::float8)
      order by at limit ${limit} for update skip locked
    )
    returning id`);
  return rows.length;
}
