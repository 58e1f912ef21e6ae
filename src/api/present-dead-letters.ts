import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import type { WholeLetter } from '../store/dead-letter-lists.ts';
import type { Letter } from '../store/dead-letter-row.ts';
import type { countLetters } from '../store/dead-letter-stats.ts';
import type { PastReplay } from '../store/replays.ts';

const content = z
  .union([z.object({ text: z.string() }), z.object({ base64: z.string() })])
  .meta({ id: 'RecordContent', description: 'As `text` where it is UTF-8' });

const place = z.object({ topic: z.string(), partition: z.int().min(0), offset: z.int().min(0) });

const letterAnswer = z
  .object({
    id: z.string().meta({ description: '`<group>/<topic>/<partition>/<offset>` of where it came from' }),
    class: z.string().meta({ 'x-extensible-enum': ['parse', 'schema', 'invalid', 'poison', 'exhausted'] }),
    reason: z.string(),
    attempts: z.int().min(0),
    at: z.iso.datetime().meta({ description: 'When it was set aside, the last time' }),
    group: z
      .string()
      .nullable()
      .meta({ description: 'The consumer group that set it aside; null: none did' }),
    origin: place,
    lies_at: place.meta({ description: 'Among the dead letters' }),
    event_id: z.string().nullable().meta({ description: '`ce_id` of its event' }),
    traceparent: z.string().nullable(),
    key: content.nullable(),
    headers: z.array(z.intersection(z.object({ name: z.string() }), content)),
    value_bytes: z.int().min(0).nullable().meta({ description: 'null: the record has no value' }),
    is_cut: z.boolean().meta({ description: 'The record is larger than what is kept of it' }),
    replays: z.int().min(0),
    replayed_at: z.iso.datetime().nullable(),
    is_waiting: z.boolean().meta({ description: 'A replay of it waits to be sent' }),
  })
  .meta({ id: 'DeadLetter' });

export const letterListAnswer = z
  .object({
    items: z.array(letterAnswer),
    next: z.string().nullable().meta({ description: 'Cursor of the following page, null on the last' }),
  })
  .meta({ id: 'DeadLetterList' });

export const wholeLetterAnswer = letterAnswer
  .extend({
    value: content.nullable(),
    history: z
      .array(
        z.object({
          replay_id: z.uuid(),
          event_id: z.string().nullable().meta({ description: 'Of what is sent' }),
          causation_id: z
            .string()
            .nullable()
            .meta({ description: 'Of the event that an edit was made from' }),
          is_edited: z.boolean(),
          caller: z.string(),
          requested_at: z.iso.datetime(),
          ended_at: z.iso.datetime().nullable(),
          outcome: z.string().meta({ 'x-extensible-enum': ['waiting', 'sent', 'refused', 'letter_gone'] }),
        }),
      )
      .meta({ description: 'Its replays, oldest first' }),
  })
  .meta({ id: 'WholeDeadLetter' });

const counts = z.record(z.string(), z.int().min(0));

export const letterStatsAnswer = z
  .object({
    letters: z.int().min(0),
    oldest: z.iso.datetime().nullable(),
    newest: z.iso.datetime().nullable(),
    by_class: counts,
    by_topic: counts,
    by_group: counts.meta({ description: '`-`: no consumer group set them aside' }),
    replays_waiting: z.int().min(0),
  })
  .meta({ id: 'DeadLetterStats' });

export function presentLetter(letter: Letter): z.input<typeof letterAnswer> {
  return {
    id: letter.id,
    class: letter.class,
    reason: letter.reason,
    attempts: letter.attempts,
    at: letter.at.toISOString(),
    group: letter.consumer_group,
    origin: { topic: letter.topic, partition: letter.partition, offset: letter.record_offset },
    lies_at: { topic: letter.dlq_topic, partition: letter.dlq_partition, offset: letter.dlq_offset },
    event_id: letter.event_id,
    traceparent: letter.traceparent,
    key: presentContent(letter.key),
    headers: Object.entries(letter.headers).flatMap(([name, values]) =>
      values.map((value) => ({ name, ...contentOf(Buffer.from(value, 'base64')) })),
    ),
    value_bytes: letter.value_bytes,
    is_cut: letter.is_cut,
    replays: letter.replays,
    replayed_at: letter.replayed_at?.toISOString() ?? null,
    is_waiting: letter.replay_waiting !== null,
  };
}

export function presentWholeLetter(
  letter: WholeLetter,
  history: readonly PastReplay[],
): z.input<typeof wholeLetterAnswer> {
  return {
    ...presentLetter(letter),
    value: presentContent(letter.value),
    history: history.map(({ id, requested_at, ended_at, ...rest }) => ({
      replay_id: id,
      ...rest,
      requested_at: requested_at.toISOString(),
      ended_at: ended_at?.toISOString() ?? null,
    })),
  };
}

type Counted = Awaited<ReturnType<typeof countLetters>>;

export function presentLetterStats({ counts, replaysWaiting }: Counted): z.input<typeof letterStatsAnswer> {
  const all = counts.find(({ of }) => of === 'all');
  const by = (what: string) =>
    Object.fromEntries(
      counts.filter(({ of }) => of === what).map(({ name, letters }) => [name ?? '-', letters]),
    );
  return {
    letters: all?.letters ?? 0,
    oldest: all?.oldest?.toISOString() ?? null,
    newest: all?.newest?.toISOString() ?? null,
    by_class: by('class'),
    by_topic: by('topic'),
    by_group: by('group'),
    replays_waiting: replaysWaiting,
  };
}

const presentContent = (bytes: Buffer | null) => (bytes === null ? null : contentOf(bytes));

function contentOf(bytes: Buffer): z.input<typeof content> {
  return isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') };
}
