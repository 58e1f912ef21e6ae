import { setTimeout as pause } from 'node:timers/promises';
import {
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  ConnectionError,
  createPool as createSlonikPool,
  type DatabasePool,
  StatementTimeoutError,
  sql,
} from 'slonik';
import { within } from '../platform/within.ts';
import { showPool } from './pool-figures.ts';
import { statementOf } from './statement.ts';

export interface PoolSettings {
  readonly url: string;
  readonly maxConnections: number;
  readonly maxIdleConnections: number;
  readonly maxConnectionAgeMs: number;
}

export interface Pool extends AsyncDisposable {
  /** Rows of one statement. Every statement of the store may be repeated without harm, so a lost connection is tried again here. */
  readonly rows: DatabasePool['any'];
}

// The design's limit for one statement; a lock waited for longer than 1 s is a conflict, not work.
const statementTimeoutMs = 5_000;
// Every statement here has one good plan. Left to choose, Postgres plans a list anew each time, the longer the more is stored.
const sessionOptions = '-c lock_timeout=1000 -c plan_cache_mode=force_generic_plan';

// slonik ends the idle connections that it is to keep, too, and makes others in their place: every 5 s, its default, that was
// half of an idle Postgres' CPU (0.75 → 0.32 % of a core).
const idleTimeoutMs = 60_000;

// A Postgres that hangs does not keep its own limits. Whoever meets it first waits this long, the others not a second.
const answerTimeoutMs = 4_900;
const answerTimeoutWhileHangingMs = 900;
const mostWhileHanging = 100;

const tries = 3;
const pauseMs = 50;

/** Rejects when Postgres cannot be reached: its type table is read first. */
export async function createPool(settings: PoolSettings): Promise<Pool> {
  const url = new URL(settings.url);
  // Ours first: what the address sets for itself wins.
  const options = [sessionOptions, url.searchParams.get('options') ?? ''].join(' ').trim();
  url.searchParams.set('options', options);
  const pool = await createSlonikPool(url.href, {
    maxPoolSize: settings.maxConnections,
    minPoolSize: Math.min(settings.maxIdleConnections, settings.maxConnections),
    maximumConnectionAge: settings.maxConnectionAgeMs,
    idleTimeout: idleTimeoutMs,
    statementTimeout: statementTimeoutMs,
    idleInTransactionSessionTimeout: statementTimeoutMs,
    // The pool must answer for Postgres, not hide it: repeating is done below, once, for every kind of loss.
    connectionRetryLimit: 0,
    // Nothing here leaves session state behind; DISCARD ALL would cost a round trip and every prepared plan.
    resetConnection: async () => {},
    // Money and versions are safe integers; slonik's default would make them BigInt.
    typeParsers: [
      { name: 'int8', parse: Number },
      { name: 'timestamptz', parse: (text) => new Date(text) },
    ],
  });
  // Each statement reports its own failure; without a listener the pool's copy of it would end the process.
  pool.on('error', () => {});
  showPool(pool);
  // Set by a statement that got no answer in time, reset by any answer, be it too late for who waited.
  let isHanging = false;
  let outstanding = 0;
  const answered = <T>(start: () => Promise<T>, observe: (seconds: number) => void): Promise<T> => {
    // Behind these nobody would get an answer either; the pool itself would queue them without end.
    if (isHanging && outstanding >= mostWhileHanging)
      return Promise.reject(new StoreUnavailableError(new Error('Postgres gives no answers')));
    const ms = isHanging ? answerTimeoutWhileHangingMs : answerTimeoutMs;
    outstanding += 1;
    const started = performance.now();
    const ended = () => {
      outstanding -= 1;
      observe((performance.now() - started) / 1_000);
    };
    const work = start().then(
      (answer) => {
        ended();
        isHanging = false;
        return answer;
      },
      (error) => {
        ended();
        throw error;
      },
    );
    return within(ms, work, () => {
      isHanging = true;
      return new StoreUnavailableError(new Error(`no answer from Postgres within ${ms} ms`));
    });
  };
  return {
    rows: (statement) => {
      const { name, observe } = statementOf(statement.sql);
      return persist(() => answered(() => pool.any({ ...statement, name }), observe));
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

async function persist<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (isBusy(error)) throw new StoreUnavailableError(error);
      if (!isLost(error)) throw error;
      if (attempt === tries) throw new StoreUnavailableError(error);
      await pause(pauseMs);
    }
  }
}

/** Postgres did not do it and may do it later: the caller says so and repeats, the statement itself is not at fault. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'store_unavailable';

  constructor(cause: unknown) {
    super('Postgres cannot be reached or is too busy; the statement may be repeated in a moment.', { cause });
  }
}

// Waited for to its limit already: to repeat would double the load and the wait.
function isBusy(error: unknown): boolean {
  return error instanceof StatementTimeoutError || codeOf(error) === lockNotAvailable;
}

const lockNotAvailable = '55P03';

/** True when another transaction held a row for the second that a statement waits for one. */
export function isLockedOut(error: StoreUnavailableError): boolean {
  return codeOf(error.cause) === lockNotAvailable;
}

// 08 connection, 53 resources, 57 operator intervention: https://www.postgresql.org/docs/18/errcodes-appendix.html
const lostState = /^(08|53|57)/;
const lostSocket = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);

function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof ConnectionError || error instanceof BackendTerminatedError) return true;
  if (error instanceof BackendTerminatedUnexpectedlyError) return true;
  const code = codeOf(error);
  return lostState.test(code) || lostSocket.has(code) || isLost(error.cause);
}

// 22 data, 23 integrity, 54 larger than something takes, P0 raised by a trigger.
const refusedState = /^(22|23|54|P0)/;

/** Postgres refused the statement for what it says, and would again; anything else, known or not, may pass with time. */
export function isRefused(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return refusedState.test(codeOf(error)) || isRefused(error.cause);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Resolves when Postgres answers. */
export async function ping(pool: Pool): Promise<void> {
  await pool.rows(sql.unsafe`select 1`);
}
