import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { systemOfFile } from '../support/own-stack.ts';

const workers = 3;
const outageMs = 300_000;
const openMs = 30_000;
// The breaker's time and half as much again, as for its stated 30 s.
const recoveredWithinMs = openMs * 1.5;
const rateWindowMs = 20_000;
const perSecond = 6;
/** Each probe is one attempt, which may send so many requests. */
const requestsOfAnAttempt = 3;

// Nobody else's orders are to meet the outage.
const system = systemOfFile({ workers, env: { CIRCUIT_BREAKER_TIMEOUT: `${openMs}ms` } });

test(
  'while the provider is away it sees only probes, no order fails, and soon after its return all is as before',
  async () => {
    const load = startLoad();
    await pause(rateWindowMs + 3_000);
    const before = await capturesBetween(Date.now() - rateWindowMs, Date.now());

    await system().payments.setFaults({ outage: true });
    await pause(5_000);
    const seenAtFirst = await requestsSeen();
    await pause(outageMs - 5_000);
    const probes = (await requestsSeen()) - seenAtFirst;
    expect(probes).toBeGreaterThan(0);
    expect(probes).toBeLessThanOrEqual((outageMs / openMs) * workers * requestsOfAnAttempt);
    expect((await system().api.list({ status: 'failed' })).items).toEqual([]);

    await system().payments.setFaults();
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
      expect(await system().api.untilFinal(id, openMs * 2 + 60_000)).toMatchObject({ status: 'completed' });
    const captured = (await system().payments.ledger()).map(({ order_id }) => order_id);
    expect(captured.toSorted()).toEqual(placed.toSorted());
  },
  outageMs + 4 * openMs + 180_000,
);

function startLoad(): { stop(): Promise<readonly string[]> } {
  const accepted: Promise<string>[] = [];
  const timer = setInterval(() => {
    const order = { customer_email: 'buyer@example.com', amount_cents: 1_999 };
    accepted.push(
      system()
        .api.accept(order)
        .then(({ id }) => id),
    );
  }, 1_000 / perSecond);
  return {
    stop: () => {
      clearInterval(timer);
      return Promise.all(accepted);
    },
  };
}

async function requestsSeen(): Promise<number> {
  return eventually(() => system().payments.requests(), 5_000);
}

async function capturesBetween(from: number, to: number): Promise<number> {
  const times = (await system().payments.ledger()).map(({ created_at }) => Date.parse(created_at));
  return times.filter((time) => time >= from && time < to).length;
}
