import {
  PaymentBreakerOpenError,
  PaymentProtocolError,
  PaymentRejectedError,
  PaymentUnavailableError,
} from './client-errors.ts';
import { createFailureCounts, type FailureCounts, type FailureLimits } from './failure-counts.ts';

export interface BreakerLimits extends FailureLimits {
  /** How long it stays open before a call is let through to see. */
  readonly openMs: number;
  /** Good calls, one after another, that close it. */
  readonly probes: number;
}

type BreakerState = 'closed' | 'half_open' | 'open';

/** As processes tell each other; half-open is one process's own business. */
export type SharedState =
  | { readonly state: 'closed' }
  /** `openMs` = until a call may be let through. */
  | { readonly state: 'open'; readonly openMs: number; readonly failures: number };

export interface Transition {
  readonly from: BreakerState;
  readonly to: BreakerState;
  /** In a row, those that opened it and the probes since. */
  readonly failures: number;
  /** Calls of this process proved something; otherwise it followed another, or a probe began or was given up. */
  readonly isProof: boolean;
}

export interface CircuitBreaker {
  readonly state: BreakerState;
  readonly shared: SharedState;
  /** Throws a PaymentBreakerOpenError where `run` would. */
  check(): void;
  /** Does `work`, or throws a PaymentBreakerOpenError at once; one attempt to reach the service is one `work`. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Takes over what another process found out, or a person decided. */
  follow(state: SharedState): void;
}

type State =
  | { readonly name: 'closed'; readonly counts: FailureCounts }
  | { readonly name: 'open'; readonly until: number; readonly failures: number; readonly proofs: number }
  | { readonly name: 'half_open'; readonly failures: number; readonly proofs: number };

type Open = Extract<State, { readonly name: 'open' }>;
type Verdict = 'good' | 'failed' | 'neither';

// A probe lasts as long as an attempt, which is a few ms when it is good and its budget when it is not.
const probeMs = 500;

/**
 * Closed, open, half-open with one call at a time. Time is the monotonic clock's, and what was begun in an earlier state
 * says nothing about the present one.
 */
export function createCircuitBreaker(
  limits: BreakerLimits,
  onTransition: (transition: Transition) => void = () => {},
  now = () => performance.now(),
): CircuitBreaker {
  const closed = (): State => ({ name: 'closed', counts: createFailureCounts(limits, now) });
  const open = (openMs: number, failures: number, proofs = 0): Open => ({
    name: 'open',
    until: now() + openMs,
    failures,
    proofs,
  });
  let state = closed();

  const move = (to: State, isProof = false): void => {
    const from = state;
    state = to;
    if (from.name === to.name) return;
    const failures = failuresOf(to) || failuresOf(from);
    onTransition({ from: from.name, to: to.name, failures, isProof });
  };

  const refusedForMs = (): number => {
    if (state.name === 'closed') return 0;
    return state.name === 'half_open' ? probeMs : Math.max(0, state.until - now());
  };

  const check = (): void => {
    const ms = refusedForMs();
    if (ms > 0) throw new PaymentBreakerOpenError(ms);
  };

  const enter = (): State => {
    check();
    if (state.name === 'open') move({ name: 'half_open', failures: state.failures, proofs: state.proofs });
    return state;
  };

  const settle = (entered: State, verdict: Verdict): void => {
    if (entered !== state) return;
    if (entered.name === 'closed') {
      if (verdict === 'neither') return;
      if (entered.counts.add(verdict === 'failed')) move(open(limits.openMs, entered.counts.inARow), true);
    } else if (entered.name === 'half_open') {
      const { failures, proofs } = entered;
      if (verdict === 'failed') move(open(limits.openMs, failures + 1), true);
      // The next call may probe at once.
      else if (verdict === 'neither') move(open(0, failures, proofs));
      else if (proofs + 1 < limits.probes) move(open(0, failures, proofs + 1));
      else move(closed(), true);
    }
  };

  return {
    get state() {
      return state.name;
    },
    get shared(): SharedState {
      if (state.name === 'closed') return { state: 'closed' };
      const openMs = state.name === 'open' ? Math.max(0, state.until - now()) : 0;
      return { state: 'open', openMs, failures: state.failures };
    },
    check,
    async run(work) {
      const entered = enter();
      try {
        const result = await work();
        settle(entered, 'good');
        return result;
      } catch (error) {
        settle(entered, verdictOf(error));
        throw error;
      }
    },
    follow(other) {
      if (other.state === 'closed') {
        if (state.name !== 'closed') move(closed());
        return;
      }
      // A probe under way tells more than what was found out before it.
      if (state.name === 'half_open') return;
      const taken = open(other.openMs === 0 ? 0 : other.openMs + stagger(limits.openMs), other.failures);
      if (state.name === 'open' && taken.until <= state.until) return;
      move(taken);
    },
  };
}

/** Whoever follows probes later than the process that it follows, and no two at once: one probe tells all of them. */
function stagger(openMs: number): number {
  return openMs * (0.05 + 0.2 * Math.random());
}

function failuresOf(state: State): number {
  return state.name === 'closed' ? state.counts.inARow : state.failures;
}

/** A refusal is an answer. What the caller gave up, and what is nobody's answer, says nothing about the service. */
function verdictOf(error: unknown): Verdict {
  if (error instanceof PaymentUnavailableError || error instanceof PaymentProtocolError) return 'failed';
  return error instanceof PaymentRejectedError ? 'good' : 'neither';
}
