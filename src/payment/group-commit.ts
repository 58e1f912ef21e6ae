import type { Ledger } from './ledger.ts';

export type Commit = <T>(decide: () => T) => Promise<T>;

interface Waiting {
  /** Decides, and returns what tells the requester once the decision is on disk. */
  readonly decide: () => () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Requests that arrive in one turn of the event loop share a transaction and its fsync, each with its own outcome.
 * Measured over HTTP on two shared cores, 20 requests at a time: 3,400–6,200 charges/s at 0.15 ms of CPU each, against
 * 1,300–2,400 at 0.35 ms with a transaction per request.
 *
 * A decision that throws leaves its neighbours alone without savepoints, because it writes one row at most, as its last step.
 */
export function createGroupCommit(ledger: Ledger): Commit {
  let waiting: Waiting[] = [];

  function flush(): void {
    const group = waiting;
    waiting = [];
    try {
      const answers = ledger.transaction(() => group.map(({ decide }) => decide()));
      for (const answer of answers) answer();
    } catch (error) {
      for (const { fail } of group) fail(error);
    }
  }

  return (decide) => {
    const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof decide>>();
    // The check phase comes right after the poll phase, which has read every socket that had something to say.
    if (waiting.length === 0) setImmediate(flush);
    waiting.push({ decide: () => outcomeOf(decide, resolve, reject), fail: reject });
    return promise;
  };
}

function outcomeOf<T>(
  decide: () => T,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): () => void {
  try {
    const value = decide();
    return () => resolve(value);
  } catch (error) {
    return () => reject(error);
  }
}
