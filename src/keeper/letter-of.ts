import { z } from 'zod';
import type { ConsumedRecord } from '../consumers/copies.ts';
import { toStored, valuesOf } from '../consumers/headers.ts';
import type { NewLetter } from '../store/dead-letters.ts';
import type { RecordPosition } from '../workflows/contract.ts';

/** What to keep of a record among the dead letters: of ours, and of whatever anybody else put there. */
export function letterOf(message: ConsumedRecord, { topic, partition, offset }: RecordPosition): NewLetter {
  const { key, value } = message;
  const headers = valuesOf(message.headers);
  const said = (name: string) => headers.get(name)?.[0]?.toString();
  const lies = { topic, partition, offset: Number(offset) };
  return {
    key,
    value,
    headers: toStored(headers),
    eventId: short(said('ce_id')),
    traceparent: short(said('traceparent')),
    isCut: headers.has('dlq_cut'),
    lies,
    ...(explained(said) ?? found(message, said('ce_type'), lies)),
  };
}

type Origin = Pick<
  NewLetter,
  'id' | 'group' | 'topic' | 'partition' | 'offset' | 'class' | 'reason' | 'attempts' | 'at'
>;

const name = z.string().regex(/^[\w.-]{1,249}$/);
const explanation = z.object({
  dlq_class: z.string().regex(/^[a-z_]{1,32}$/),
  dlq_reason: z.string(),
  dlq_group: name,
  dlq_topic: name,
  dlq_partition: z.coerce.number().int().min(0).max(2_147_483_647),
  dlq_offset: z.coerce.number().int().min(0),
  // Postgres' text has no year 0.
  dlq_time: z.iso
    .datetime()
    .transform((text) => new Date(text))
    .refine((time) => time.getTime() > 0)
    .transform((time) => notLater(time.getTime())),
  dlq_attempts: z.coerce.number().int().min(0).max(2_147_483_647).default(1),
});

/** undefined for what no consumer of ours set aside. */
function explained(said: (name: string) => string | undefined): Origin | undefined {
  const names = Object.keys(explanation.shape);
  const given = explanation.safeParse(Object.fromEntries(names.map((one) => [one, said(one)])));
  if (!given.success) return undefined;
  const { dlq_group: group, dlq_topic: topic, dlq_partition: partition, dlq_offset: offset } = given.data;
  return {
    id: `${group}/${topic}/${partition}/${offset}`,
    group,
    topic,
    partition,
    offset,
    class: given.data.dlq_class,
    reason: inPostgres(given.data.dlq_reason),
    attempts: given.data.dlq_attempts,
    at: given.data.dlq_time,
  };
}

const transactionDead = z.object({
  class: z.literal('exhausted'),
  attempts: z.int().min(0).max(2_147_483_647),
  error: z.string(),
});

/** Its origin is where it lies. A transaction that was given up is told by its event; the rest are somebody else's. */
function found(
  { value, timestamp }: ConsumedRecord,
  type: string | undefined,
  lies: NewLetter['lies'],
): Origin {
  const body = parsed(value);
  const dead = type === 'transaction.dead' ? transactionDead.safeParse(body).data : undefined;
  const { topic, partition, offset } = lies;
  return {
    id: `-/${topic}/${partition}/${offset}`,
    group: null,
    ...lies,
    ...(dead === undefined
      ? { class: body === undefined ? 'parse' : 'invalid', reason: 'no header says why', attempts: 0 }
      : { class: dead.class, reason: inPostgres(dead.error), attempts: dead.attempts }),
    at: timeOf(timestamp),
  };
}

/** Whoever wrote it chose its time, if any. */
function timeOf(timestamp: string | undefined): Date {
  const ms = Number(timestamp);
  return ms > 0 ? notLater(ms) : new Date();
}

/** Now, for a time to come: a clock that runs ahead would keep its letter at the top of every list, and past its 30 days. */
function notLater(ms: number): Date {
  return new Date(Math.min(ms, Date.now()));
}

function parsed(value: Buffer | null): unknown {
  try {
    return value === null ? undefined : JSON.parse(value.toString());
  } catch {
    return undefined;
  }
}

const longest = 255;
const longestReason = 2_000;

/** What is longer than anything of ours is not kept beside the headers, which have it: an index does not take it. */
function short(text: string | undefined): string | null {
  return text === undefined || text.length > longest ? null : inPostgres(text);
}

/** Postgres has no U+0000 in text. */
function inPostgres(text: string): string {
  return text.slice(0, longestReason).replaceAll('\0', '\u{fffd}').toWellFormed();
}
