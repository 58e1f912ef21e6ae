import { hash } from 'node:crypto';
import { chances, type Fault, type Faults, type WrongReply, wrongReplies } from './faults.ts';

export type Operation = 'charge' | 'refund' | 'lookup';

export type FaultDecision =
  | { readonly fault: Exclude<Fault, 'wrong_reply'> }
  | { readonly fault: 'wrong_reply'; readonly reply: WrongReply };

interface Attempt {
  readonly operation: Operation;
  /** The idempotency key; of a look-up its query. */
  readonly key: string;
  /** 1 for the first with this key. */
  readonly number: number;
}

export const untouched: FaultDecision = { fault: 'none' };

// A look-up stores nothing, and a decline found is as good as true: nobody could tell it from a wrong one.
const impossible: Readonly<Record<Operation, readonly (Fault | WrongReply)[]>> = {
  charge: [],
  refund: ['decline'],
  lookup: ['decline', 'commit_then_timeout', 'declined_200'],
};

/** What befalls this attempt: the same for the same seed, in whatever order requests arrive. */
export function decideFault(faults: Faults, { operation, key, number }: Attempt): FaultDecision {
  if (faults.outage) return { fault: 'outage' };
  const digest = hash('sha256', JSON.stringify([faults.seed, operation, key, number]), 'buffer');
  const fault = drawFault(faults, fraction(digest, 0) * 100);
  if (impossible[operation].includes(fault)) return untouched;
  if (fault !== 'wrong_reply') return { fault };
  const reply = drawReply(faults, operation, fraction(digest, 4));
  return reply === undefined ? untouched : { fault, reply };
}

function drawFault(faults: Faults, percent: number): (typeof chances)[number] | 'none' {
  let end = 0;
  for (const chance of chances) {
    end += faults[`${chance}_pct`];
    if (percent < end) return chance;
  }
  return 'none';
}

function drawReply({ wrong_reply }: Faults, operation: Operation, part: number): WrongReply | undefined {
  const wanted = wrong_reply === 'any' ? wrongReplies : [wrong_reply];
  const possible = wanted.filter((reply) => !impossible[operation].includes(reply));
  return possible[Math.floor(part * possible.length)];
}

/** 0 ≤ fraction < 1, from 32 bits. */
function fraction(digest: Buffer, offset: number): number {
  return digest.readUInt32BE(offset) / 2 ** 32;
}
