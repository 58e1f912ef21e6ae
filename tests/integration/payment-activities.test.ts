import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../../src/activities/index.ts';
import type { Order } from '../../src/order/order.ts';
import { createPaymentClient } from '../../src/payment/client.ts';
import { answering, serve } from '../../src/payment/provider.fixture.ts';
import { startService, temporaryLedger } from '../../src/payment/service.fixture.ts';
import { moveOrder } from '../../src/store/moves.ts';
import { findOrder } from '../../src/store/orders.ts';
import { readFailedAttempt, readSteps } from '../../src/store/timeline.ts';
import { readLedger, setFaults } from '../acceptance/outside/payments.ts';
import { databaseOfFile } from '../support/database.ts';
import { memoryLog } from '../support/log.ts';
import { placed } from '../support/orders.ts';

const { pool } = await databaseOfFile();
const resources = new AsyncDisposableStack();
const ledger = resources.use(temporaryLedger());
const service = resources.use(await startService(ledger.file, { FAULTS_ENABLED: true }));
afterAll(() => resources.disposeAsync());
afterEach(() => setFaults(service.url));

const { log, lines } = memoryLog();
const activitiesAt = (url: string) =>
  createActivities({
    pool,
    signal: () => {},
    payment: createPaymentClient({ url }),
    log,
    paymentGiveUpAfterMs: 86_400_000,
  });
const { chargeOrder, refundOrder } = activitiesAt(service.url);

async function processing(): Promise<Order> {
  const order = await placed(pool);
  await moveOrder(pool, { orderId: order.id, from: 'pending', to: 'processing' });
  return order;
}

const outcomeOf = ({ id, amountCents, currency, merchantId }: Order) => ({
  orderId: id,
  amountCents,
  currency,
  merchantId,
});

/** The activity as Temporal calls it for the `attempt`th time. */
function attempt<Argument, Result>(
  activity: (argument: Argument) => Promise<Result>,
  argument: Argument,
  number = 1,
): Promise<Result> {
  return new MockActivityEnvironment({ attempt: number }).run<[Argument], Result, typeof activity>(
    activity,
    argument,
  ) as Promise<Result>; // the library says unknown
}

const movementsOf = async ({ id }: Order) =>
  (await readLedger(service.url)).filter(({ order_id }) => order_id === id).map(({ type }) => type);
const stepsOf = async ({ id }: Order) => (await readSteps(pool, id)).map(({ step }) => step);

test('a charge without an answer makes the outcome unknown, and says when the next attempt comes', async () => {
  const order = await processing();
  await setFaults(service.url, { outage: true });
  const failure = await attempt(chargeOrder, outcomeOf(order), 3).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    type: 'PaymentUnavailableError',
    nextRetryDelay: 4_000,
    nonRetryable: false,
  });
  expect(await findOrder(pool, order.id)).toMatchObject({ status: 'processing', paymentState: 'unknown' });
  const kept = await readFailedAttempt(pool, order.id);
  expect(kept).toMatchObject({ step: 'charge', attempt: 3 });
  expect(Number(kept?.next_at) - Number(kept?.at)).toBe(4_000);
});

test('what was charged without an answer is found by the next attempt, not charged again', async () => {
  const order = await processing();
  await setFaults(service.url, { commit_then_timeout_pct: 100 });
  await expect(attempt(chargeOrder, outcomeOf(order))).rejects.toThrow('gave no outcome');
  await setFaults(service.url);
  expect(await attempt(chargeOrder, outcomeOf(order), 2)).toMatchObject({ outcome: 'captured' });
  expect(await movementsOf(order)).toEqual(['capture']);
});

test('a refusal that is not about the request leaves the outcome unknown: the key may be in use', async () => {
  const order = await processing();
  await using provider = await serve(answering(409, { code: 'idempotency_key_in_use', detail: 'Wait.' }));
  const { chargeOrder: chargeThere } = activitiesAt(provider.url);
  await expect(attempt(chargeThere, outcomeOf(order))).rejects.toMatchObject({ nonRetryable: false });
  expect(await findOrder(pool, order.id)).toMatchObject({ status: 'processing', paymentState: 'unknown' });
});

test('a second run asks before its first charge', async () => {
  const order = await processing();
  const first = await attempt(chargeOrder, outcomeOf(order));
  expect(await attempt(chargeOrder, { ...outcomeOf(order), isRepeated: true })).toEqual(first);
  expect(await movementsOf(order)).toEqual(['capture']);
});

describe('a refund', () => {
  async function captured() {
    const order = await processing();
    const charge = await attempt(chargeOrder, outcomeOf(order));
    if (charge.outcome !== 'captured') throw new Error(`the charge is ${charge.outcome}`);
    return { order, argument: { ...outcomeOf(order), chargeId: charge.chargeId } };
  }

  test('shows on the order before it is sent, and is made once however often it is asked for', async () => {
    const { order, argument } = await captured();
    const refundId = await attempt(refundOrder, argument);
    expect(await attempt(refundOrder, argument, 2)).toBe(refundId);
    expect(await movementsOf(order)).toEqual(['capture', 'refund']);
    expect(await findOrder(pool, order.id)).toMatchObject({ paymentState: 'refunding' });
    expect(await stepsOf(order)).toEqual(['begun', 'refunding']);
  });

  test('made without an answer is found by the next attempt', async () => {
    const { order, argument } = await captured();
    await setFaults(service.url, { commit_then_timeout_pct: 100 });
    await expect(attempt(refundOrder, argument)).rejects.toThrow('gave no outcome');
    await setFaults(service.url);
    expect(await attempt(refundOrder, argument, 2)).toMatch(/^re_/);
    expect(await movementsOf(order)).toEqual(['capture', 'refund']);
  });

  test('made by hand at the provider is taken for done', async () => {
    const { order, argument } = await captured();
    await fetch(`${service.url}/v1/refunds`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `by-hand-${order.id}` },
      body: JSON.stringify({ order_id: order.id, amount_cents: order.amountCents }),
    });
    expect(await attempt(refundOrder, argument)).toMatch(/^re_/);
    expect(await movementsOf(order)).toEqual(['capture', 'refund']);
  });

  test('that does not get through in five attempts is told to people, and tried on', async () => {
    const { order, argument } = await captured();
    await setFaults(service.url, { outage: true });
    for (const number of [1, 2, 3, 4, 5, 6])
      await expect(attempt(refundOrder, argument, number)).rejects.toMatchObject({ nonRetryable: false });
    expect(await findOrder(pool, order.id)).toMatchObject({ paymentState: 'refund_failed' });
    expect(await stepsOf(order)).toEqual(['begun', 'refunding', 'refund_failed']);
    const told = lines.filter(
      ({ msg, order_id }) => msg === 'refund does not get through' && order_id === order.id,
    );
    expect(told).toMatchObject([{ level: 'error' }]);
    await setFaults(service.url);
    expect(await attempt(refundOrder, argument, 7)).toMatch(/^re_/);
  });
});
