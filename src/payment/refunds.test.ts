import { charge, sharedService } from './service.fixture.ts';

const { get, post, fresh } = sharedService();

/** An order with one capture of 4200 cents. */
async function captured() {
  const orderId = fresh('order');
  const { body } = await post('/v1/charges', fresh('key'), { ...charge, order_id: orderId });
  return { orderId, chargeId: String(body.id) };
}

test('refunds of a charge never add up to more than was captured', async () => {
  const { orderId, chargeId } = await captured();
  const part = await post('/v1/refunds', fresh('key'), { charge_id: chargeId, amount_cents: 4_000 });
  expect([part.status, part.body]).toEqual([
    201,
    expect.objectContaining({
      charge_id: chargeId,
      order_id: orderId,
      amount_cents: 4_000,
      status: 'refunded',
    }),
  ]);
  const tooMuch = await Promise.all(
    [201, 200, 200].map((cents) =>
      post('/v1/refunds', fresh('key'), { order_id: orderId, amount_cents: cents }),
    ),
  );
  expect(tooMuch.map((reply) => reply.status)).toEqual([409, 201, 409]);
  expect(tooMuch[0]?.body.detail).toContain('No more than 200 cents');
  const { refunds } = (await get(`/v1/refunds?order_id=${orderId}`)).body;
  expect(refunds).toHaveLength(2);
});

test('a refund replays by its key, and a refused one may be corrected under the same key', async () => {
  const { orderId } = await captured();
  const key = fresh('key');
  expect((await post('/v1/refunds', key, { order_id: orderId, amount_cents: 4_201 })).status).toBe(409);
  const first = await post('/v1/refunds', key, { order_id: orderId, amount_cents: 4_200 });
  const second = await post('/v1/refunds', key, { order_id: orderId, amount_cents: 4_200 });
  expect([second.status, second.text]).toEqual([201, first.text]);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect((await get(`/v1/refunds?key=${key}`)).body).toEqual({ refunds: [first.body] });
});

test.each([{ charge_id: 'ch_none' }, { order_id: 'none' }])(
  'a refund of an unknown charge %j is a 404',
  async (of) => {
    const reply = await post('/v1/refunds', fresh('key'), { ...of, amount_cents: 1 });
    expect([reply.status, reply.body.code]).toEqual([404, 'charge_not_found']);
  },
);

test('a refund names exactly one of charge and order', async () => {
  for (const named of [{}, { charge_id: 'c', order_id: 'o' }]) {
    expect((await post('/v1/refunds', fresh('key'), { ...named, amount_cents: 1 })).status).toBe(400);
  }
});
