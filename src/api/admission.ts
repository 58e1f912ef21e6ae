import { admissionClosed, admissionOpened, admissionWatched } from '../facts.ts';
import { Problem } from '../platform/http/problem.ts';
import type { Logger } from '../platform/logger.ts';
import { repeat } from '../platform/repeat.ts';
import { type Load, readLoad } from '../store/load.ts';
import type { Pool } from '../store/pool.ts';

export interface Admission extends AsyncDisposable {
  /** Throws the 503 that new orders and transactions get while the system has more than it can bring to an end. */
  readonly admit: () => void;
  /** Rejects with the reason while the door is closed. */
  readonly check: () => Promise<void>;
}

export interface AdmissionDeps {
  readonly pool: Pool;
  readonly log: Logger;
  /** From here on the door is closed. */
  readonly limits: Load;
}

const sampleEveryMs = 1_000;
const retryAfterSeconds = 5;

/**
 * Looks once a second at what waits, never for a single request; the door opens by itself when less does.
 * While it is open and nobody has asked since the last look there is nothing to look for: an idle api costs nothing.
 */
export function startAdmission({ pool, log, limits }: AdmissionDeps): Admission {
  let reason: string | undefined;
  let isAsked = true;
  admissionWatched();
  const look = async () => {
    isAsked = false;
    // A Postgres that is away answers each request by itself; until it is back the door stays as it is.
    const load = await readLoad(pool, limits).catch(() => undefined);
    if (load === undefined) return;
    const now = reasonToClose(load, limits);
    if (now !== undefined && reason === undefined) admissionClosed(log, { ...load, reason: now });
    if (now === undefined && reason !== undefined) admissionOpened(log);
    reason = now;
  };
  const watching = repeat(sampleEveryMs, async () => {
    if (isAsked || reason !== undefined) await look();
  });
  return {
    admit: () => {
      isAsked = true;
      if (reason === undefined) return;
      const detail = `No new orders or transactions are taken while ${reason}; repeat the request after ${retryAfterSeconds} s with the same Idempotency-Key.`;
      throw new Problem(503, 'admission_closed', detail, {
        headers: { 'Retry-After': String(retryAfterSeconds) },
      });
    },
    check: async () => {
      if (reason !== undefined) throw new Error(`no new orders or transactions are taken while ${reason}`);
    },
    [Symbol.asyncDispose]: () => watching[Symbol.asyncDispose](),
  };
}

function reasonToClose(load: Load, limits: Load): string | undefined {
  if (load.unsentEvents >= limits.unsentEvents)
    return `${limits.unsentEvents} events or more wait to be sent`;
  if (load.oldestEventMs >= limits.oldestEventMs)
    return `events wait to be sent for ${Math.round(limits.oldestEventMs / 1_000)} s or longer`;
  if (load.openOrders >= limits.openOrders)
    return `${limits.openOrders} or more orders and transactions are not finished`;
  return undefined;
}
