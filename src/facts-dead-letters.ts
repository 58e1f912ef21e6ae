import type { Logger } from './platform/logger.ts';
import { counter } from './platform/metrics.ts';

// As facts.ts: one function per fact, the figure and the line together.

// A stranger may name any class.
const classes = ['parse', 'schema', 'invalid', 'poison', 'exhausted'];
const kept = counter('dead_letters_kept_total', 'Dead letters kept for operators', {
  class: [...classes, 'other'],
});
const refused = counter('dead_letters_refused_total', 'Dead letters that Postgres does not take');
const requested = counter(
  'dlq_replays_requested_total',
  'Dead letters that somebody wants handled once more',
);
const ended = counter('dlq_replays_ended_total', 'Replays that wait no longer', {
  outcome: ['sent', 'refused', 'letter_gone'],
});
const swept = counter('dead_letters_swept_total', 'Dead letters forgotten after their time');

/** Once for each time that it was set aside. */
export function letterKept(
  log: Logger,
  letter: { readonly id: string; readonly class: string; readonly eventId: string | null },
): void {
  kept.inc({ class: classes.includes(letter.class) ? letter.class : 'other' });
  log.info({ letter_id: letter.id, class: letter.class, event_id: letter.eventId }, 'dead letter kept');
}

/** It stays on its topic only. */
export function letterRefused(log: Logger, { id, error }: { id: string; error: unknown }): void {
  refused.inc();
  log.error({ letter_id: id, err: error }, 'dead letter not kept, Postgres refuses it');
}

export function lettersNotRead(log: Logger, { error, retryMs }: { error: unknown; retryMs: number }): void {
  log.warn({ err: error, retry_ms: retryMs }, 'dead letters not read, they stay on their topics');
}

export function replayRequested(
  log: Logger,
  replay: {
    readonly id: string;
    readonly letterId: string;
    readonly eventId: string | null;
    readonly isEdited: boolean;
    readonly caller: string;
  },
): void {
  requested.inc();
  const { id, letterId, eventId, isEdited, caller } = replay;
  const fields = { replay_id: id, letter_id: letterId, event_id: eventId, edited: isEdited, caller };
  log.info(fields, 'replay requested');
}

export function replayEnded(
  log: Logger,
  { id, outcome, eventId }: { id: string; outcome: string; eventId?: string | null },
): void {
  ended.inc({ outcome });
  const ids = { replay_id: id, event_id: eventId };
  if (outcome === 'sent') log.info(ids, 'replay sent');
  else log.warn({ ...ids, outcome }, 'replay not sent');
}

/** Told once, until some are sent again. */
export function replaysNotSent(log: Logger, { error, retryMs }: { error: unknown; retryMs: number }): void {
  log.warn({ err: error, retry_ms: retryMs }, 'replays not sent, they wait');
}

export function lettersSwept(log: Logger, count: number): void {
  swept.inc(count);
  log.info({ letters: count }, 'old dead letters forgotten');
}

export function letterSweepFailed(
  log: Logger,
  { error, retryMs }: { error: unknown; retryMs: number },
): void {
  log.warn({ err: error, retry_ms: retryMs }, 'old dead letters not forgotten yet');
}
