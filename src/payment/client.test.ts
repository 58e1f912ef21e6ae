import { createPaymentClient, type PaymentClient, PaymentRejectedError } from './client.ts';
import { call, sharedService } from './service.fixture.ts';

const order = { orderId: 'o-1', merchantId: null, amountCents: 4_200, currency: 'EUR' };
const { signal } = new AbortController();
const { url } = sharedService();
let client: PaymentClient;

beforeAll(async () => {
  client = createPaymentClient({ url: await url() });
});

test('a charge is captured once per key and found by it', async () => {
  expect(await client.findCharge('c-1', signal)).toEqual({ outcome: 'none' });
  const first = await client.charge({ key: 'c-1', ...order }, signal);
  expect(first).toEqual({ outcome: 'captured', chargeId: expect.stringMatching(/^ch_/) });
  expect(await client.charge({ key: 'c-1', ...order }, signal)).toEqual(first);
  expect(await client.findCharge('c-1', signal)).toEqual(first);
});

test('a decline is an outcome, also when it is looked up', async () => {
  const declined = { outcome: 'declined', reason: 'card_declined' };
  expect(await client.charge({ key: 'c-2', ...order, merchantId: 'declined' }, signal)).toEqual(declined);
  expect(await client.findCharge('c-2', signal)).toEqual(declined);
});

test('a refund gives the capture back once per key; without a capture there is nothing to do', async () => {
  await client.charge({ key: 'c-3', ...order, orderId: 'o-3' }, signal);
  const first = await client.refund({ key: 'r-3', orderId: 'o-3', amountCents: 4_200 }, signal);
  expect(first).toEqual({ outcome: 'refunded', refundId: expect.stringMatching(/^re_/) });
  expect(await client.refund({ key: 'r-3', orderId: 'o-3', amountCents: 4_200 }, signal)).toEqual(first);
  const none = await client.refund({ key: 'r-4', orderId: 'never-charged', amountCents: 1 }, signal);
  expect(none).toEqual({ outcome: 'none' });
});

test('a refund is found by its key among those of its order; by whoever, once all of it went back', async () => {
  const find = (orderId: string, key: string) =>
    client.findRefund({ key, orderId, amountCents: 4_200 }, signal);
  await client.charge({ key: 'c-6', ...order, orderId: 'o-6' }, signal);
  expect(await find('o-6', 'r-6')).toEqual({ outcome: 'none' });
  await client.refund({ key: 'r-6-1', orderId: 'o-6', amountCents: 1_000 }, signal);
  const second = await client.refund({ key: 'r-6-2', orderId: 'o-6', amountCents: 2_000 }, signal);
  expect(await find('o-6', 'r-6-2')).toEqual(second);
  expect(await find('o-6', 'r-6')).toEqual({ outcome: 'none' });
  expect(await find('never-charged', 'r-6-2')).toEqual({ outcome: 'none' });
  const rest = await client.refund({ key: 'by-hand', orderId: 'o-6', amountCents: 1_200 }, signal);
  expect(await find('o-6', 'r-6')).toEqual(rest);
});

test('what the service refuses is a rejection with its code', async () => {
  await client.charge({ key: 'c-5', ...order, orderId: 'o-5' }, signal);
  const again = client.charge({ key: 'c-5', ...order, orderId: 'o-5', amountCents: 1 }, signal);
  await expect(again).rejects.toMatchObject({ status: 422, reason: 'idempotency_key_reused' });
  const tooMuch = client.refund({ key: 'r-5', orderId: 'o-5', amountCents: 4_201 }, signal);
  await expect(tooMuch).rejects.toMatchObject({ status: 409, reason: 'refund_exceeds_capture' });
  await expect(tooMuch).rejects.toBeInstanceOf(PaymentRejectedError);
  expect((await call(`${await url()}/v1/refunds?order_id=o-5`)).body).toEqual({ refunds: [] });
});
