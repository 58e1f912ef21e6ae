import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { changeScale } from '../../stack/scale.ts';
import { readSettings } from '../../stack/settings.ts';
import { startStack } from '../../stack/stack.ts';
import { openSystem, type System } from '../acceptance/outside/system.ts';
import { eventually } from '../support/eventually.ts';

const isLong = process.env.TBD_LONG === 'true';
const workers = 3;
const outageMs = isLong ? 300_000 : 20_000;
const openMs = isLong ? 30_000 : 5_000;
// The breaker's time and half as much again, as for its stated 30 s.
const recoveredWithinMs = openMs * 1.5;
const rateWindowMs = 10_000;
const perSecond = 6;
/** Each probe is one attempt, which may send so many requests. */
const requestsOfAnAttempt = 3;

const nothingGiven = {
  DATABASE_URL: '',
  DB_HOST: '',
  KAFKA_BROKERS: '',
  TEMPORAL_ADDRESS: '',
  PAYMENT_URL: '',
};

let home: string;
let stack: Awaited<ReturnType<typeof startStack>>;
let system: System;

// A stack of its own: nobody else's orders are to meet the outage, and there are three workers.
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'tbd-outage-'));
  chmodSync(home, 0o755); // as root Postgres is another user, who must get in
  changeScale(readSettings({ ...process.env, ...nothingGiven, TBD_HOME: home }), { worker: workers });
  const env = { ...nothingGiven, CIRCUIT_BREAKER_TIMEOUT: `${openMs}ms` };
  stack = await startStack({ home, ports: 'free', env });
  system = await openSystem(stack.env);
}, 120_000);

afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await stack?.stop();
  rmSync(home, { recursive: true, force: true });
}, 60_000);

test(
  'while the provider is away it sees only probes, no order fails, and soon after its return all is as before',
  async () => {
    const load = startLoad();
    await pause(rateWindowMs + 5_000);
    const before = await capturesBetween(Date.now() - rateWindowMs, Date.now());

    await system.payments.setFaults({ outage: true });
    await pause(5_000);
    const seenAtFirst = await requestsSeen();
    await pause(outageMs - 5_000);
    const probes = (await requestsSeen()) - seenAtFirst;
    expect(probes).toBeGreaterThan(0);
    expect(probes).toBeLessThanOrEqual((outageMs / openMs) * workers * requestsOfAnAttempt);
    expect((await system.api.list({ status: 'failed' })).items).toEqual([]);

    await system.payments.setFaults();
    const returnedAt = Date.now();
    await pause(recoveredWithinMs + rateWindowMs);
    const placed = await load.stop();
    const after = await capturesBetween(
      returnedAt + recoveredWithinMs,
      returnedAt + recoveredWithinMs + rateWindowMs,
    );
    expect(after).toBeGreaterThanOrEqual(before * 0.9);

    // Who waited does so for up to twice the breaker's time.
    for (const id of placed)
      expect(await system.api.untilFinal(id, openMs * 2 + 60_000)).toMatchObject({ status: 'completed' });
    const captured = (await system.payments.ledger()).map(({ order_id }) => order_id);
    expect(captured.toSorted()).toEqual(placed.toSorted());
  },
  outageMs + 4 * openMs + 180_000,
);

function startLoad(): { stop(): Promise<readonly string[]> } {
  const accepted: Promise<string>[] = [];
  const timer = setInterval(() => {
    const order = { customer_email: 'buyer@example.com', amount_cents: 1_999 };
    accepted.push(system.api.accept(order).then(({ id }) => id));
  }, 1_000 / perSecond);
  return {
    stop: () => {
      clearInterval(timer);
      return Promise.all(accepted);
    },
  };
}

async function requestsSeen(): Promise<number> {
  return eventually(() => system.payments.requests(), 5_000);
}

async function capturesBetween(from: number, to: number): Promise<number> {
  const times = (await system.payments.ledger()).map(({ created_at }) => Date.parse(created_at));
  return times.filter((time) => time >= from && time < to).length;
}
