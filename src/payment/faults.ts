import { z } from 'zod';

/** Of these at most one befalls a request. */
export const chances = [
  'error',
  'rate_limit',
  'decline',
  'hang',
  'commit_then_timeout',
  'wrong_reply',
] as const;
export const wrongReplies = ['other_id', 'html', 'declined_200', 'huge'] as const;

export type Fault = (typeof chances)[number] | 'outage' | 'none';
export type WrongReply = (typeof wrongReplies)[number];

const percent = z
  .int('must be a whole number')
  .min(0, 'must be at least 0')
  .max(100, 'must be at most 100')
  .default(0);

/** A full replacement: what is left out is off, and the seed is then the one of the settings. */
export const faultsBody = z
  .strictObject({
    delay_ms: z
      .int('must be a whole number of ms')
      .min(0, 'must be at least 0')
      .max(60_000, 'must be at most 60000')
      .default(0),
    error_pct: percent,
    rate_limit_pct: percent,
    decline_pct: percent,
    hang_pct: percent,
    commit_then_timeout_pct: percent,
    wrong_reply_pct: percent,
    wrong_reply: z
      .enum([...wrongReplies, 'any'], `must be one of ${wrongReplies.join(', ')}, any`)
      .default('any'),
    outage: z.boolean().default(false),
    seed: z.int('must be a whole number').optional(),
  })
  .refine(
    (faults) => chances.reduce((sum, chance) => sum + faults[`${chance}_pct`], 0) <= 100,
    'must have percentages of 100 together at most: they exclude one another',
  );

export type GivenFaults = z.output<typeof faultsBody>;
/** Under the names of the wire: what was put is what is shown. */
export type Faults = Readonly<GivenFaults> & { readonly seed: number };
