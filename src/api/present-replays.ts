import { z } from 'zod';
import type { Result } from './replay-letters.ts';
import { replayOutcomes } from './replay-outcome.ts';

const replaysShape = {
  dry_run: z.boolean(),
  results: z.array(
    z.object({
      asked: z.string().meta({ description: 'As in the request; in a range the letter’s id' }),
      id: z.string().nullable().meta({ description: 'The letter’s id; null where there is none' }),
      outcome: z.string().meta({
        'x-extensible-enum': [...replayOutcomes],
        description: 'In a dry run what it would be',
      }),
      detail: z.string().meta({ description: 'What that means' }),
      event_id: z.string().nullable().meta({ description: '`ce_id` of what is sent: of an edit a new one' }),
      replay_id: z.uuid().nullable().meta({ description: 'Header of what is sent; null where nothing is' }),
    }),
  ),
  totals: z.record(z.string(), z.int().min(0)).meta({ description: 'How many results have each outcome' }),
};

export const replaysAnswer = z.object(replaysShape).meta({ id: 'Replays' });

export const rangeReplaysAnswer = z
  .object({
    ...replaysShape,
    next_start_time: z.iso.datetime().nullable().meta({
      description:
        '`start_time` of a request for the rest, whose first may be some of these again: `next` has none twice. null where all of the time is here',
    }),
    next: z
      .string()
      .nullable()
      .meta({ description: '`cursor` of a request for the rest; null where all of the time is here' }),
  })
  .meta({ id: 'RangeReplays' });

export function presentReplays(
  results: readonly Result[],
  { isDryRun }: { isDryRun: boolean },
): z.input<typeof replaysAnswer> {
  const totals = Map.groupBy(results, ({ outcome }) => outcome);
  return {
    dry_run: isDryRun,
    results: results.map(({ asked, letter, outcome, detail, replay }) => ({
      asked,
      id: letter?.id ?? null,
      outcome,
      detail,
      // In a dry run these ids would be others each time.
      event_id: (isDryRun ? undefined : replay?.eventId) ?? letter?.event_id ?? null,
      replay_id: (isDryRun ? undefined : replay?.id) ?? null,
    })),
    totals: Object.fromEntries(Array.from(totals, ([outcome, { length }]) => [outcome, length])),
  };
}
