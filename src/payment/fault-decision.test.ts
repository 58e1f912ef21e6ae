import { decideFault, type FaultDecision, type Operation } from './fault-decision.ts';
import { createFaultPlan } from './fault-plan.ts';
import { type Faults, faultsBody } from './faults.ts';

const faults = (given: object): Faults => ({ seed: 1, ...faultsBody.parse(given) }) as Faults; // the seed is a number in both

const mixed = { error_pct: 30, rate_limit_pct: 10, hang_pct: 10, wrong_reply_pct: 10 };
const keys = Array.from({ length: 2_000 }, (_, number) => `order:${number}:charge`);
const charges = (given: object): string[] =>
  keys.map((key) => JSON.stringify(decideFault(faults(given), { operation: 'charge', key, number: 1 })));

test('the same seed has the same requests fail, another seed others', () => {
  expect(charges({ ...mixed, seed: 7 })).toEqual(charges({ ...mixed, seed: 7 }));
  expect(charges({ ...mixed, seed: 8 })).not.toEqual(charges({ ...mixed, seed: 7 }));
});

test('as many requests fail as the percentages say', () => {
  const share = (fault: string) =>
    charges(mixed).filter((decision) => decision.includes(`"${fault}"`)).length / keys.length;
  expect(share('error')).toBeCloseTo(0.3, 1);
  expect(share('rate_limit')).toBeCloseTo(0.1, 1);
  expect(share('none')).toBeCloseTo(0.4, 1);
});

test('nothing depends on the order in which requests arrive', () => {
  const told = (order: readonly string[]) => {
    const plan = createFaultPlan(faults(mixed));
    const decisions = new Map<string, FaultDecision[]>();
    for (const key of [...order, ...order])
      decisions.set(key, [...(decisions.get(key) ?? []), plan.admit('charge', key)]);
    return decisions;
  };
  expect(told(keys.toReversed())).toEqual(told(keys));
});

test('a repeat is a try of its own, and a replacement begins at the first again', () => {
  const plan = createFaultPlan(faults({}));
  const sequence = () => {
    plan.replace(faultsBody.parse({ error_pct: 50 }));
    return Array.from({ length: 64 }, () => plan.admit('charge', 'k').fault);
  };
  const first = sequence();
  expect(new Set(first)).toEqual(new Set(['error', 'none']));
  expect(sequence()).toEqual(first);
});

test.each<[Operation, object]>([
  ['refund', { decline_pct: 100 }],
  ['lookup', { decline_pct: 100 }],
  ['lookup', { commit_then_timeout_pct: 100 }],
  ['lookup', { wrong_reply_pct: 100, wrong_reply: 'declined_200' }],
])('a %s is left alone by %j', (operation, given) => {
  expect(decideFault(faults(given), { operation, key: 'k', number: 1 })).toEqual({ fault: 'none' });
});

test('any wrong reply is one of all that the operation knows', () => {
  const replies = (operation: Operation) =>
    new Set(
      keys.map((key) => {
        const decision = decideFault(faults({ wrong_reply_pct: 100 }), { operation, key, number: 1 });
        return decision.fault === 'wrong_reply' ? decision.reply : decision.fault;
      }),
    );
  expect(replies('charge')).toEqual(new Set(['other_id', 'html', 'declined_200', 'huge']));
  expect(replies('lookup')).toEqual(new Set(['other_id', 'html', 'huge']));
});
