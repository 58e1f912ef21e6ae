import { randomUUID } from 'node:crypto';
import { newId } from '../core/id.ts';
import { replayRequested } from '../facts-dead-letters.ts';
import type { LetterFacts } from '../store/dead-letter-row.ts';
import { effectExists } from '../store/effects.ts';
import { type NewReplay, requestReplays } from '../store/replays.ts';
import { alreadyRequested, decide, type Verdict } from './replay-outcome.ts';
import type { DeadLetterRoutes } from './routes/dead-letters.ts';

export interface Wish {
  /** The name that the caller gave. */
  readonly asked: string;
  readonly letter: LetterFacts;
  readonly edit?: { readonly value: unknown } | undefined;
}

export interface Result extends Verdict {
  readonly asked: string;
  /** Undefined where there is none. */
  readonly letter?: LetterFacts;
  /** What was asked of the keeper, if anything was. */
  readonly replay?: NewReplay | undefined;
}

/** What becomes of each, in the same order; in a dry run it is only said. A letter that is wished for twice is replayed once. */
export async function replayLetters(
  { pool, log, replays: { consumerGroup, most } }: DeadLetterRoutes,
  wishes: readonly Wish[],
  { isDryRun, caller }: { isDryRun: boolean; caller: string },
): Promise<readonly Result[]> {
  const effects = await effectExists(
    pool,
    wishes.map(({ letter }) => letter),
    consumerGroup,
  );
  const seen = new Set<string>();
  const decided = wishes.map(({ asked, letter, edit }): Result => {
    const verdict = decide(letter, effects.get(letter.id), most);
    if (verdict.outcome !== 'replay_requested') return { asked, letter, ...verdict };
    if (seen.has(letter.id)) return { asked, letter, ...alreadyRequested };
    seen.add(letter.id);
    return { asked, letter, ...verdict, replay: replayOf(letter, edit) };
  });
  const wanted = decided.flatMap(({ replay }) => replay ?? []);
  if (isDryRun || wanted.length === 0) return decided;
  const taken = await requestReplays(pool, wanted, { caller, most });
  for (const { id, letterId, eventId, edit } of wanted.filter((one) => taken.has(one.letterId)))
    replayRequested(log, { id, letterId, eventId, isEdited: edit !== undefined, caller });
  // Somebody else asked for the same in the meantime.
  return decided.map(({ replay, ...result }) =>
    replay === undefined || taken.has(replay.letterId)
      ? { ...result, replay }
      : { ...result, ...alreadyRequested },
  );
}

function replayOf({ id: letterId, event_id }: LetterFacts, edit: Wish['edit']): NewReplay {
  if (edit === undefined) return { id: newId(), letterId, eventId: event_id };
  const value = Buffer.from(JSON.stringify(edit.value));
  return { id: newId(), letterId, eventId: randomUUID(), edit: { value, causationId: event_id } };
}
