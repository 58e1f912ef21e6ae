import { charge, sharedService } from './service.fixture.ts';

const { get, post, put, fresh, url } = sharedService({ FAULTS_ENABLED: true });

async function refundedAndWrong(wrong_reply: string) {
  const [chargeKey, refundKey] = [fresh('key'), fresh('key')];
  const orderId = fresh('order');
  await put('/v1/faults', { wrong_reply_pct: 100, wrong_reply });
  const raw = async (path: string, key?: string, body?: object) => {
    const response = await fetch((await url()) + path, {
      headers: { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      text: await response.text(),
    };
  };
  const wrong = {
    charge: await raw('/v1/charges', chargeKey, { ...charge, order_id: orderId }),
    refund: await raw('/v1/refunds', refundKey, { order_id: orderId, amount_cents: 1 }),
    found: await raw(`/v1/charges?key=${chargeKey}`),
    nothing: await raw(`/v1/refunds?key=${fresh('key')}`),
  };
  await put('/v1/faults', {});
  const [right] = (await get(`/v1/charges?key=${chargeKey}`)).body.charges as [Record<string, unknown>]; // it was stored
  expect((await get(`/v1/refunds?key=${refundKey}`)).body.refunds).toHaveLength(1);
  return { right, wrong };
}

test('an answer about another is whole but for whom it is about', async () => {
  const { right, wrong } = await refundedAndWrong('other_id');
  const other = JSON.parse(wrong.charge.text);
  expect(wrong.charge).toMatchObject({ status: 201, type: 'application/json; charset=utf-8' });
  for (const name of ['id', 'key', 'order_id']) expect(other[name]).not.toBe(right[name]);
  const { id, key, order_id } = right;
  expect({ ...other, id, key, order_id }).toEqual(right);
  expect(JSON.parse(wrong.found.text)).toEqual({ charges: [other] });
  expect(JSON.parse(wrong.refund.text)).toMatchObject({ key: 'keyanother', status: 'refunded' });
  expect(wrong.nothing.type).toContain('text/html');
});

test('HTML comes with the status of success', async () => {
  const { wrong } = await refundedAndWrong('html');
  const answers = Object.values(wrong);
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 200, 200]);
  for (const { type, text } of answers) expect([type, text[0]]).toEqual(['text/html; charset=utf-8', '<']);
});

test('a decline with the status of success hides a capture, and look-ups tell the truth', async () => {
  const { right, wrong } = await refundedAndWrong('declined_200');
  const declined = { ...right, status: 'declined', reason: 'card_declined' };
  expect([wrong.charge.status, JSON.parse(wrong.charge.text)]).toEqual([200, declined]);
  expect(wrong.refund.status).toBe(200);
  expect(JSON.parse(wrong.found.text)).toEqual({ charges: [right] });
});

test('an answer may be larger than a megabyte', async () => {
  const { wrong } = await refundedAndWrong('huge');
  for (const { text } of Object.values(wrong)) expect(text.length).toBeGreaterThan(1_000_000);
});

test('a refusal is not disturbed', async () => {
  await put('/v1/faults', { wrong_reply_pct: 100 });
  const declined = await post('/v1/charges', fresh('key'), { ...charge, merchant_id: 'declined' });
  expect([declined.status, declined.body.code]).toEqual([402, 'card_declined']);
});
