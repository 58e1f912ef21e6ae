import type { LetterFacts } from '../store/dead-letter-row.ts';
import type { Effect } from '../store/effects.ts';

/** In one request. */
export const mostLetters = 1_000;

export const replayOutcomes = [
  'replay_requested',
  'already_processed',
  'already_requested',
  'cap_reached',
  'not_replayable',
  'not_found',
] as const;

export interface Verdict {
  readonly outcome: (typeof replayOutcomes)[number];
  /** What that means, and what to do where something can be done. */
  readonly detail: string;
}

/** What becomes of a letter that is to be replayed, `most` times in all. */
export function decide(letter: LetterFacts, effect: Effect | undefined, most: number): Verdict {
  if (letter.consumer_group === null)
    return verdict('not_replayable', 'No consumer set it aside, so there is none to handle it.');
  if (letter.is_cut)
    return verdict(
      'not_replayable',
      `Too large to be kept whole; the record is at offset ${letter.record_offset} of ${letter.topic}, partition ${letter.partition}.`,
    );
  if (effect === 'done')
    return verdict('already_processed', 'Its effect is there; to handle it once more would do nothing.');
  if (letter.replay_waiting !== null) return alreadyRequested;
  if (letter.replays >= most)
    return verdict('cap_reached', `Replayed ${letter.replays} times; DLQ_MAX_REPLAYS allows ${most}.`);
  return verdict(
    'replay_requested',
    effect === 'unknown'
      ? 'What it is about is not known here: it is handled once more, and may come to nothing.'
      : 'It is sent to its consumer group once more.',
  );
}

const verdict = (outcome: Verdict['outcome'], detail: string): Verdict => ({ outcome, detail });

export const alreadyRequested = verdict('already_requested', 'An earlier request for it waits to be sent.');

export const notFound = verdict(
  'not_found',
  'No dead letter has this id, or an event of this id; GET /v1/dlq/messages lists them.',
);
