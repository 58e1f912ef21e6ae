import type { RequestListener } from 'node:http';
import { eventually } from '../../tests/support/eventually.ts';
import { createPaymentClient } from './client.ts';
import { PaymentProtocolError, PaymentUnavailableError } from './client-errors.ts';
import { answering, captured, order, problem, serve } from './provider.fixture.ts';

const { signal } = new AbortController();
const refunded = { id: 're_1', key: 'r', order_id: 'o-1', amount_cents: 4_200, status: 'refunded' };

test.each([
  ['another order', answering(201, { ...captured, order_id: 'o-2' })],
  ['another key', answering(201, { ...captured, key: 'other' })],
  ['another amount', answering(201, { ...captured, amount_cents: 4_201 })],
  ['another currency', answering(201, { ...captured, currency: 'USD' })],
  ['a wrong type', answering(201, { ...captured, amount_cents: '4200' })],
  ['200 with a decline', answering(200, { ...captured, status: 'declined' })],
  ['201 with a decline', answering(201, { ...captured, status: 'declined' })],
  ['HTML', answering(201, '<html>', { 'content-type': 'text/html' })],
  ['an empty body', answering(201, '')],
  ['402 from something in between', answering(402, '<html>', { 'content-type': 'text/html' })],
  ['404 from something in between', answering(404, 'not here', { 'content-type': 'text/plain' })],
  ['a redirect', answering(302, captured)],
  ['a huge body', answering(201, JSON.stringify({ ...captured, filler: 'x'.repeat(1_000_000) }))],
])('%s proves nothing', async (_name, listener) => {
  await using wrong = await serve(listener);
  const client = createPaymentClient({ url: wrong.url });
  await expect(client.charge({ key: 'k', ...order }, signal)).rejects.toBeInstanceOf(PaymentProtocolError);
});

test.each([
  ['500', answering(500, '<html>')],
  ['503', answering(503, problem)],
  ['429', answering(429, problem)],
  ['a connection cut before the answer', ((request) => request.socket.destroy()) satisfies RequestListener],
  [
    'a connection cut within the answer',
    ((request, response) => {
      response.writeHead(201, { 'content-length': '500' });
      response.write('{"id":', () => request.socket.destroy());
    }) satisfies RequestListener,
  ],
])('%s leaves the outcome unknown', async (_name, listener) => {
  await using wrong = await serve(listener);
  const client = createPaymentClient({ url: wrong.url });
  await expect(client.charge({ key: 'k', ...order }, signal)).rejects.toBeInstanceOf(PaymentUnavailableError);
});

test('a port where nobody listens leaves the outcome unknown', async () => {
  const gone = await serve(() => {});
  await gone[Symbol.asyncDispose]();
  const client = createPaymentClient({ url: gone.url });
  await expect(client.findCharge('k', signal)).rejects.toBeInstanceOf(PaymentUnavailableError);
});

test("the caller's signal ends the call with its own reason", async () => {
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  await using hanging = await serve(() => resolve());
  const canceling = new AbortController();
  const client = createPaymentClient({ url: hanging.url });
  const attempt = client.charge({ key: 'k', ...order }, canceling.signal);
  const failed = expect(attempt).rejects.toBe('canceled');
  await arrived;
  canceling.abort('canceled');
  await failed;
  await expect(client.findCharge('k', canceling.signal)).rejects.toBe('canceled');
});

test('a look-up answered with another key proves nothing', async () => {
  await using wrong = await serve(answering(200, { charges: [{ ...captured, key: 'other' }] }));
  const attempt = createPaymentClient({ url: wrong.url }).findCharge('k', signal);
  await expect(attempt).rejects.toBeInstanceOf(PaymentProtocolError);
});

test.each([
  ['another order', { ...refunded, order_id: 'o-2' }],
  ['a wrong type', { ...refunded, amount_cents: '1' }],
  ['another status', { ...refunded, status: 'pending' }],
])('a look-up of refunds answered with %s proves nothing', async (_name, refund) => {
  await using wrong = await serve(answering(200, { refunds: [refund] }));
  const attempt = createPaymentClient({ url: wrong.url }).findRefund(
    { key: 'r', orderId: 'o-1', amountCents: 1 },
    signal,
  );
  await expect(attempt).rejects.toBeInstanceOf(PaymentProtocolError);
});

test('no more calls are under way than allowed; the next goes when one ends, unless nobody waits for it any more', async () => {
  const arrived: string[] = [];
  const answers: (() => void)[] = [];
  await using slow = await serve((request, response) => {
    arrived.push(new URL(request.url ?? '', slow.url).searchParams.get('key') ?? '');
    answers.push(() => answering(200, { charges: [] })(request, response));
  });
  const client = createPaymentClient({ url: slow.url, concurrency: 2, budgetMs: 4_000 });
  const givenUp = new AbortController();
  const calls = ['a', 'b', 'c', 'd'].map((key) =>
    client.findCharge(key, key === 'c' ? givenUp.signal : signal),
  );
  await eventually(async () => expect(arrived).toEqual(['a', 'b']), 2_000);
  givenUp.abort('canceled');
  answers.shift()?.();
  await expect(calls[2]).rejects.toBe('canceled');
  await eventually(async () => expect(arrived).toEqual(['a', 'b', 'd']), 2_000);
  for (const answer of answers) answer();
  await Promise.allSettled(calls);
});

test('a base path of the address is kept', async () => {
  await using prefixed = await serve((request, response) => {
    if (request.url?.startsWith('/pay/v1/charges?')) answering(200, { charges: [] })(request, response);
    else answering(500, {})(request, response);
  });
  const client = createPaymentClient({ url: `${prefixed.url}/pay` });
  expect(await client.findCharge('k', signal)).toEqual({ outcome: 'none' });
});
