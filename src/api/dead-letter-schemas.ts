import { z } from 'zod';
import { mostLetters } from './replay-outcome.ts';
import { pageQuery, text } from './schemas.ts';

const time = z.iso.datetime({ offset: true, error: 'must be a time, such as 2026-11-21T10:00:00Z' });
const moment = time.transform((given) => new Date(given));

// It holds a letter's id.
const cursor = text(1_000).optional();

// A letter's id has two names of Kafka's, of up to 249 characters, and two numbers.
const name = text(600);

export const letterListQuery = z.strictObject({
  class: text(32).optional().meta({ description: 'As `parse`, `schema`, `invalid`, `poison`, `exhausted`' }),
  topic: text(249).optional().meta({ description: 'Where the record came from' }),
  group: text(249).optional().meta({ description: 'The consumer group that set it aside' }),
  event_id: text(255).optional(),
  key: text(1_000).optional().meta({ description: 'Of the record, as text' }),
  from: moment.optional().meta({ description: 'Set aside at this time or later' }),
  to: moment.optional().meta({ description: 'Set aside before this time' }),
  cursor: cursor.meta({ description: '`next` of the page before' }),
  limit: pageQuery.shape.limit,
});

const dryRun = z.boolean().default(false).meta({ description: 'Only say what would become of each' });

const edit = z
  .strictObject({ value: z.unknown().refine((value) => value !== undefined, 'is required') })
  .meta({ description: '`value` takes the place of the record’s' });

/** An edit makes a new event of what it edits. */
export const replayRequest = z
  .strictObject({
    event_ids: z
      .array(name)
      .min(1, 'must not be empty')
      .max(mostLetters, `must not name more than ${mostLetters} letters`)
      .meta({ description: 'Ids of letters, or `ce_id`s of the events in them' }),
    dry_run: dryRun,
    edits: z
      .record(name, edit)
      .optional()
      .meta({ description: 'By what stands in `event_ids`: what is sent is a new event then' }),
  })
  .meta({ id: 'ReplayRequest' });

export const replayRangeRequest = z
  .strictObject({
    start_time: moment,
    end_time: moment.meta({ description: 'What was set aside at this very time is left out' }),
    max_messages: z
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(mostLetters, `must not be above ${mostLetters}`)
      .default(100),
    cursor: cursor.meta({
      description:
        '`next` of the answer before, with its `start_time` and `end_time`: goes on behind what that had',
    }),
    dry_run: dryRun,
  })
  .refine(({ start_time, end_time }) => start_time < end_time, {
    path: ['end_time'],
    message: 'must be later than start_time',
  })
  .meta({ id: 'ReplayRangeRequest' });
