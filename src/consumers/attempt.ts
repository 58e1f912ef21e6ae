import { recordPutOff, recordSetAside } from '../facts-events.ts';
import type { Logger } from '../platform/logger.ts';
import { inSpan, keepFailure } from '../platform/telemetry.ts';
import type { RecordPosition } from '../workflows/contract.ts';
import type { ConsumedRecord, Copies, Received } from './copies.ts';
import { setAside } from './dead-letters.ts';
import { idsOf } from './envelope.ts';
import { createSuspicion, type Failure, failureOf } from './faults.ts';
import { processSpan } from './process-span.ts';
import type { Retries } from './retries.ts';

export interface AttemptDeps {
  readonly group: string;
  /** What the records' keys are ids of, such as `order`; undefined where it may be anything. */
  readonly subject?: string;
  readonly deadLetterTopic: string;
  /** Resolves when the record's effect is durable; what it throws is judged by faults.ts. */
  readonly handle: (message: ConsumedRecord, position: RecordPosition) => Promise<void>;
  readonly copies: Copies;
  readonly retries: Retries | undefined;
  readonly maxAttempts: number;
  readonly log: Logger;
}

/** What became of an attempt. In every case but an outage the record needs no further attempt of the caller. */
export type Attempted =
  | { readonly end: 'done' | 'set_aside' | 'joined' | 'deferred' }
  | { readonly end: 'failed'; readonly reason: string }
  | { readonly end: 'outage'; readonly error: unknown };

export interface Attempts {
  /** Of a record on its own topic: afterwards its effect, its dead letter or its retry is durable. */
  first(received: Received): Promise<Attempted>;
  /** Of one that waited, with this attempt counted; `failed` when it is to be tried again. */
  again(received: Received, attempts: number): Promise<Attempted>;
  /** Sets aside what ended its process again and again. */
  giveUp(received: Received, attempts: number): Promise<Attempted>;
}

export function createAttempts(deps: AttemptDeps): Attempts {
  const { group, subject, deadLetterTopic, handle, copies, retries, maxAttempts, log } = deps;
  const suspicion = createSuspicion();
  const told = (received: Received) => ({ ...positionOf(received), ...idsOf(received.message), subject });

  async function attempt(
    received: Received,
    attempts: number,
    retry: (failure: Failure) => Promise<Attempted>,
  ): Promise<Attempted> {
    try {
      await handle(received.message, positionOf(received));
      suspicion.clear();
      return { end: 'done' };
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined || (failure.mayHeal && (!retries || !suspicion.isOwn(received))))
        return { end: 'outage', error };
      if (failure.mayHeal && attempts < maxAttempts) return retry(failure);
      return bury(received, attempts, failure);
    }
  }

  async function bury(
    received: Received,
    attempts: number,
    why: Pick<Failure, 'class' | 'reason'>,
  ): Promise<Attempted> {
    const { class: letterClass, reason } = why;
    await setAside(copies, deadLetterTopic, { ...received, class: letterClass, reason, group, attempts });
    recordSetAside(log, { ...told(received), class: letterClass, reason });
    return { end: 'set_aside' };
  }

  return {
    first: (received) =>
      inProcessSpan(group, received, async () => {
        if (await retries?.joins(received)) {
          recordPutOff(log, { ...told(received), attempts: 0, reason: 'an earlier one waits' });
          return { end: 'joined' };
        }
        return attempt(received, 1, async ({ reason }) => {
          await retries?.defer(received, reason);
          recordPutOff(log, { ...told(received), attempts: 1, reason });
          return { end: 'deferred' };
        });
      }),
    again: (received, attempts) =>
      inProcessSpan(group, received, () =>
        attempt(received, attempts, async ({ reason }) => {
          recordPutOff(log, { ...told(received), attempts, reason });
          return { end: 'failed', reason };
        }),
      ),
    giveUp: (received, attempts) =>
      inProcessSpan(group, received, () =>
        bury(received, attempts, {
          class: 'poison',
          reason: 'whoever tries it ends before it tells how it went',
        }),
      ),
  };
}

/** As part of the trace that the record carries. */
function inProcessSpan(
  group: string,
  received: Received,
  work: () => Promise<Attempted>,
): Promise<Attempted> {
  return inSpan(processSpan(group, received), async (span) => {
    const attempted = await orOutage(work);
    if (attempted.end === 'outage') keepFailure(span, attempted.error);
    // The others' failures are told in the log, and where their records wait.
    span.setAttribute('record.end', attempted.end);
    return attempted;
  });
}

/** What stands in the way of putting off or setting aside is an outage too. */
async function orOutage(work: () => Promise<Attempted>): Promise<Attempted> {
  try {
    return await work();
  } catch (error) {
    return { end: 'outage', error };
  }
}

function positionOf({ message: { offset }, topic, partition }: Received): RecordPosition {
  return { topic, partition, offset };
}
