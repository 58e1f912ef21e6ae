import { sql } from 'slonik';
import { z } from 'zod';
import { storedHeaders } from './stored-headers.ts';

const columnsBesideContent = sql.fragment`
  id, consumer_group, topic, partition, record_offset, event_id, class, reason, attempts, traceparent, at, is_cut,
  dlq_topic, dlq_partition, dlq_offset, replays, replayed_at, replay_waiting`;

/** What lists show: without its value, which may have megabytes. */
export const columns = sql.fragment`${columnsBesideContent}, key, headers, octet_length(value) as value_bytes`;

/** What a decision needs: without what it holds. */
export const facts = sql.fragment`
  ${columnsBesideContent}, case when octet_length(key) <= 64 then key end as short_key`;

const origin = {
  id: z.string(),
  consumer_group: z.string().nullable(),
  topic: z.string(),
  partition: z.number(),
  record_offset: z.number(),
  event_id: z.string().nullable(),
  class: z.string(),
  reason: z.string(),
  attempts: z.number(),
  traceparent: z.string().nullable(),
  at: z.date(),
  is_cut: z.boolean(),
  dlq_topic: z.string(),
  dlq_partition: z.number(),
  dlq_offset: z.number(),
  replays: z.number(),
  replayed_at: z.date().nullable(),
  replay_waiting: z.string().nullable(),
};

const bytes = z.custom<Buffer>().nullable();

export const letterRow = z.object({
  ...origin,
  key: bytes,
  headers: storedHeaders,
  value_bytes: z.number().nullable(),
});
export type Letter = z.output<typeof letterRow>;

/** `short_key` is null for what is too long for the id of anything. */
export const letterFacts = z.object({ ...origin, short_key: bytes });
export type LetterFacts = z.output<typeof letterFacts>;
