import { randomUUID } from 'node:crypto';
import { keepLetters, type NewLetter } from '../../src/store/dead-letters.ts';
import type { Pool } from '../../src/store/pool.ts';

let offset = 0;

/** A letter of its own, as the bridge sets one aside, unless told otherwise. */
function newLetter(change: Partial<NewLetter> = {}): NewLetter {
  offset += 1;
  const letter = {
    group: 'workers',
    topic: 'order.created',
    partition: 0,
    offset,
    key: Buffer.from(randomUUID()),
    value: Buffer.from('{}'),
    headers: { ce_id: [Buffer.from('as it came').toString('base64')] },
    eventId: randomUUID(),
    class: 'parse',
    reason: 'the value is not JSON',
    attempts: 1,
    traceparent: null,
    at: new Date(),
    isCut: false,
    ...change,
  };
  const id = `${letter.group ?? '-'}/${letter.topic}/${letter.partition}/${letter.offset}`;
  return { id, lies: { topic: 'order.dlq', partition: 0, offset }, ...letter };
}

/** Keeps them as the keeper would. */
export async function plantLetters(pool: Pool, ...changes: Partial<NewLetter>[]): Promise<NewLetter[]> {
  const letters = changes.map(newLetter);
  await keepLetters(pool, letters);
  return letters;
}
