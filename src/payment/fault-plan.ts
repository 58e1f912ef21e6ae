import { decideFault, type FaultDecision, type Operation, untouched } from './fault-decision.ts';
import { chances, type Faults, type GivenFaults } from './faults.ts';

export interface FaultPlan {
  faults(): Faults;
  /** Keys are on their first try again, so that a run can be repeated. */
  replace(given: GivenFaults): void;
  /** Requests by operation since the start, whatever befell them. */
  requests(): Readonly<Record<Operation, number>>;
  /** Once for each request, in the moment in which it arrives. */
  admit(operation: Operation, key: string): FaultDecision;
}

// Beyond charge, refund and look-up of every order that may be open (100,000): a key forgotten between two tries
// would be on its first for ever. Some 50 MB.
const mostKeys = 400_000;

/** Held in memory: a restart brings the faults of the settings back. */
export function createFaultPlan(initial: Faults): FaultPlan {
  const requests = { charge: 0, refund: 0, lookup: 0 };
  const tries = new Map<string, number>();
  let faults = initial;
  let isOn = canBefall(initial);

  function nextTry(name: string): number {
    const number = (tries.get(name) ?? 0) + 1;
    // Put in anew, the keys that are still tried stay behind those that are done with.
    tries.delete(name);
    tries.set(name, number);
    if (tries.size > mostKeys) tries.delete(tries.keys().next().value ?? '');
    return number;
  }

  return {
    faults: () => faults,
    replace: (given) => {
      faults = { ...given, seed: given.seed ?? initial.seed };
      isOn = canBefall(faults);
      tries.clear();
    },
    requests: () => requests,
    admit: (operation, key) => {
      requests[operation] += 1;
      if (!isOn) return untouched;
      return decideFault(faults, { operation, key, number: nextTry(`${operation} ${key}`) });
    },
  };
}

function canBefall(faults: Faults): boolean {
  return faults.outage || chances.some((chance) => faults[`${chance}_pct`] > 0);
}
