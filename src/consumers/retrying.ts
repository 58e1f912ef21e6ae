import { context } from '@opentelemetry/api';
import { dependencyDown } from '../facts-events.ts';
import { beginAnew } from '../platform/begin-anew.ts';
import { createBell } from '../platform/bell.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../store/pool.ts';
import { claimDue, type DueRecord, endWaiting, postponeWaiting } from '../store/waiting-records.ts';
import type { Attempts } from './attempt.ts';
import type { Received } from './copies.ts';
import { contextOf } from './envelope.ts';
import { fromStored } from './headers.ts';
import { backoffMs, type Retries, type RetrySettings } from './retries.ts';

export interface RetryingDeps {
  readonly pool: Pool;
  readonly group: string;
  readonly retries: Retries;
  readonly attempts: Attempts;
  readonly settings: RetrySettings;
  readonly log: Logger;
}

export interface Retrying extends AsyncDisposable {
  /** Something may be due. */
  readonly wake: () => void;
}

const atOnce = 20;
// Beyond the limits of whatever an attempt calls; so long a record of a process that died waits for another.
const leaseMs = 60_000;
// What another process of the group parked rings no bell here.
const pollMs = 5_000;
const shortestMs = 50;
const outagePauseMs = 5_000;
// Whoever tried it so often never told: it ends its process. An outage of Postgres takes some too.
const mostUnreported = 10;
const longestPauseMs = 10_000;

/** Tries what waits when it is due, until disposed: different keys at once, a key's records in order. */
export function startRetrying(deps: RetryingDeps): Retrying {
  const stop = new AbortController();
  const bell = createBell();
  const running = beginAnew({
    stop: stop.signal,
    longestPauseMs,
    work: async (onSuccess) => {
      while (!stop.signal.aborted) {
        const due = await claimDue(deps.pool, deps.group, { limit: atOnce, leaseMs });
        await Promise.all(due.map((record) => tryAgain(deps, record)));
        onSuccess();
        if (due.length > 0) continue;
        const dueMs = (await deps.retries.nextDueMs()) ?? pollMs;
        await bell.heard(Math.min(Math.max(dueMs, shortestMs), pollMs));
      }
    },
    onFailure: (error, retryMs) => dependencyDown(deps.log, { group: deps.group, error, retryMs }),
  });
  return {
    wake: bell.ring,
    async [Symbol.asyncDispose]() {
      stop.abort();
      bell.ring();
      await running;
    },
  };
}

async function tryAgain(
  { pool, group, attempts, settings, log }: RetryingDeps,
  { id, version, attempts: failed, unreported, ...record }: DueRecord,
): Promise<void> {
  const claimed = { id, version };
  const received = toReceived(record);
  const attempted = await (unreported > mostUnreported
    ? attempts.giveUp(received, failed + unreported - 1)
    : attempts.again(received, failed + 1));
  if (attempted.end === 'failed') {
    const { reason } = attempted;
    const dueMs = backoffMs(settings, failed + 1);
    await postponeWaiting(pool, claimed, { attempts: failed + 1, reason, dueMs });
  } else if (attempted.end === 'outage') {
    const { topic, partition, message } = received;
    const where = { group, topic, partition, offset: message.offset };
    context.with(contextOf(message), () =>
      dependencyDown(log, { ...where, error: attempted.error, retryMs: outagePauseMs }),
    );
    await postponeWaiting(pool, claimed, { attempts: failed, reason: 'outage', dueMs: outagePauseMs });
  } else {
    await endWaiting(pool, claimed);
  }
}

type Kept = Omit<DueRecord, 'id' | 'version' | 'attempts' | 'unreported'>;

function toReceived({ topic, partition, ...record }: Kept): Received {
  return { message: { ...record, headers: fromStored(record.headers) }, topic, partition };
}
