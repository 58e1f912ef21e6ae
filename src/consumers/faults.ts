import { redact } from '../platform/redaction.ts';

const longestReason = 1_000;

export type LetterClass = RecordFault['class'] | 'exhausted' | 'poison';

/** What is wrong with a record that can never work. */
export class RecordFault extends Error {
  override readonly name = 'RecordFault';
  readonly class: 'parse' | 'schema' | 'invalid';

  constructor(faultClass: RecordFault['class'], message: string) {
    super(brief(message));
    this.class = faultClass;
  }
}

/** What keeps one record, and no other, from having its effect; another time it may work. */
export class RecordFailure extends Error {
  override readonly name = 'RecordFailure';

  constructor(message: string, options?: ErrorOptions) {
    super(brief(message), options);
  }
}

/** Why a record failed for a reason of its own. */
export interface Failure {
  /** What it is set aside as. */
  readonly class: LetterClass;
  readonly reason: string;
  readonly mayHeal: boolean;
}

/** Undefined for everything that might meet any other record too: an outage. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof RecordFault) return { class: error.class, reason: error.message, mayHeal: false };
  if (error instanceof RecordFailure) return { class: 'exhausted', reason: error.message, mayHeal: true };
  if (isBug(error)) return { class: 'poison', reason: brief(String(error)), mayHeal: true };
  return undefined;
}

// By name: an error of Node's own has another realm's class where modules run in a context of their own.
const bugs: readonly string[] = ['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'];

/** Met by a record that nobody thought of. fetch's TypeError is an outage, and has a cause. */
function isBug(error: unknown): error is Error {
  return error instanceof Error && bugs.includes(error.name) && error.cause === undefined;
}

/**
 * It travels in headers and is kept in Postgres: it must not carry the record's own megabyte, nor a customer's address out of
 * it, nor what text cannot hold.
 */
function brief(reason: string): string {
  return redact(reason).slice(0, longestReason).replaceAll('\0', '�');
}

const mostInARow = 10;

/** A fault that meets every record is none of theirs: after so many different ones in a row, with no success between, it counts as an outage. */
export function createSuspicion() {
  const suspects = new Set<string>();
  return {
    clear: (): void => suspects.clear(),
    isOwn: ({
      topic,
      partition,
      message,
    }: {
      topic: string;
      partition: number;
      message: { offset: string };
    }) => {
      suspects.add(`${topic}/${partition}/${message.offset}`);
      return suspects.size <= mostInARow;
    },
  };
}
