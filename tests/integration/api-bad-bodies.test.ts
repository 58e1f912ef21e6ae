import { gzipSync } from 'node:zlib';
import { type Call, goodOrder, startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

async function refused(call: Call): Promise<Awaited<ReturnType<TestApi['call']>>> {
  const before = await api.rowCounts();
  const answer = await api.call(call);
  expect(await api.rowCounts()).toEqual(before);
  expect((await api.call({ method: 'GET', path: '/healthz' })).status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  return answer;
}

const big = JSON.stringify({ ...goodOrder, merchant_id: 'x'.repeat(2_000_000) });
const text = JSON.stringify(goodOrder);
const unread: readonly [string, Call, number, string][] = [
  ['an empty body', { body: '' }, 400, 'malformed_json'],
  ['malformed JSON', { body: '{"customer_email": ada}' }, 400, 'malformed_json'],
  ['truncated JSON', { body: text.slice(0, -5) }, 400, 'malformed_json'],
  ['two documents', { body: text + text }, 400, 'malformed_json'],
  ['a trailing comma', { body: text.replace('}', ',}') }, 400, 'malformed_json'],
  ['no body at all', { body: undefined }, 400, 'malformed_json'],
  [
    'a fraction that a double rounds away',
    { body: text.replace('4200', '9007199254740991.4') },
    400,
    'number_too_precise',
  ],
  ['NaN', { body: '{"amount_cents": NaN}' }, 400, 'malformed_json'],
  ['a byte order mark', { body: `\u{feff}${text}` }, 400, 'malformed_json'],
  ['invalid UTF-8', { body: Buffer.from(text.replace('ada', 'ad\xe9'), 'latin1') }, 400, 'malformed_json'],
  ['2 MB with its length', { body: big }, 413, 'body_too_large'],
  ['2 MB without its length', { body: big, chunked: true }, 413, 'body_too_large'],
  ['no content type', { headers: { 'Content-Type': undefined } }, 415, 'unsupported_media_type'],
  ['another content type', { headers: { 'Content-Type': 'text/plain' } }, 415, 'unsupported_media_type'],
  [
    'a form',
    { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
    415,
    'unsupported_media_type',
  ],
  [
    'UTF-16',
    { headers: { 'Content-Type': 'application/json; charset=utf-16' } },
    415,
    'unsupported_media_type',
  ],
  ['gzip', { body: gzipSync(text), headers: { 'Content-Encoding': 'gzip' } }, 415, 'unsupported_media_type'],
];

test.each(unread)('refused unread: %s', async (_, call, status, code) => {
  expect((await refused(call)).json).toMatchObject({ status, code });
});

const invalid: readonly [string, unknown, string[]][] = [
  ['null', null, ['']],
  ['a list', [], ['']],
  ['a string', '"x"', ['']],
  ['a number', 1, ['']],
  ['nothing that is required', {}, ['/customer_email']],
  ['no e-mail', { amount_cents: 1 }, ['/customer_email']],
  ['no amount', { customer_email: 'a@example.com' }, ['/amount_cents']],
  ['an e-mail of the wrong type', { ...goodOrder, customer_email: 7 }, ['/customer_email']],
  ['an e-mail that is null', { ...goodOrder, customer_email: null }, ['/customer_email']],
  ['a bad e-mail', { ...goodOrder, customer_email: 'ada at example' }, ['/customer_email']],
  [
    'an e-mail without end',
    { ...goodOrder, customer_email: `a@${'b'.repeat(300)}.com` },
    ['/customer_email'],
  ],
  ['an amount of the wrong type', { ...goodOrder, amount_cents: '4200' }, ['/amount_cents']],
  ['an amount that is null', { ...goodOrder, amount_cents: null }, ['/amount_cents']],
  ['an amount of 0', { ...goodOrder, amount_cents: 0 }, ['/amount_cents']],
  ['an amount of −0', '{"customer_email":"a@example.com","amount_cents":-0}', ['/amount_cents']],
  ['an amount below 0', { ...goodOrder, amount_cents: -1 }, ['/amount_cents']],
  ['a fraction of a cent', { ...goodOrder, amount_cents: 0.1 }, ['/amount_cents']],
  ['an amount of 2^53', { ...goodOrder, amount_cents: 2 ** 53 }, ['/amount_cents']],
  [
    'an amount past every number',
    '{"customer_email":"a@example.com","amount_cents":1e400}',
    ['/amount_cents'],
  ],
  ['an unknown field', { ...goodOrder, note: 'quick' }, ['/note']],
  ['a field that the server owns', { ...goodOrder, status: 'completed', id: 1 }, ['/status', '/id']],
  ['a field with a slash and a tilde', { ...goodOrder, 'a/b~c': 1 }, ['/a~1b~0c']],
  ['__proto__', `{"__proto__":{"amount_cents":1},${text.slice(1)}`, ['/__proto__']],
  ['constructor', { ...goodOrder, constructor: { prototype: {} } }, ['/constructor']],
  ['a currency in lower case', { ...goodOrder, currency: 'usd' }, ['/currency']],
  ['a currency that is none', { ...goodOrder, currency: 'XYZ' }, ['/currency']],
  ['a currency of an emoji', { ...goodOrder, currency: '💶' }, ['/currency']],
  ['an empty merchant', { ...goodOrder, merchant_id: '' }, ['/merchant_id']],
  ['a merchant without end', { ...goodOrder, merchant_id: 'x'.repeat(256) }, ['/merchant_id']],
  ['U+0000', { ...goodOrder, merchant_id: 'a\0b' }, ['/merchant_id']],
  ['a lone surrogate', { ...goodOrder, merchant_id: 'a\ud800b' }, ['/merchant_id']],
  ['items of the wrong type', { ...goodOrder, items: 'none' }, ['/items']],
  ['no items at all', { ...goodOrder, items: [] }, ['/items']],
  ['too many items', { ...goodOrder, items: Array.from({ length: 1_001 }, () => item()) }, ['/items']],
  ['an item that is null', { ...goodOrder, items: [item(), null] }, ['/items/1']],
  [
    'an item without an id',
    { ...goodOrder, items: [item({ product_id: undefined })] },
    ['/items/0/product_id'],
  ],
  ['none of an item', { ...goodOrder, items: [item({ quantity: 0 })] }, ['/items/0/quantity']],
  ['half an item', { ...goodOrder, items: [item({ quantity: 0.5 })] }, ['/items/0/quantity']],
  ['2^31 of an item', { ...goodOrder, items: [item({ quantity: 2 ** 31 })] }, ['/items/0/quantity']],
  [
    'a negative price',
    { ...goodOrder, items: [item({ unit_price_cents: -1 })] },
    ['/items/0/unit_price_cents'],
  ],
  ['an item with an unknown field', { ...goodOrder, items: [item({ colour: 'red' })] }, ['/items/0/colour']],
  ['items with another sum', { ...goodOrder, items: [item(), item()] }, ['/amount_cents']],
  [
    'items that cost nothing',
    { customer_email: 'a@example.com', items: [item({ unit_price_cents: 0 })] },
    ['/amount_cents'],
  ],
  [
    'items past 2^53',
    {
      customer_email: 'a@example.com',
      items: [item({ quantity: 1_000_000, unit_price_cents: 2 ** 53 - 1 })],
    },
    ['/amount_cents'],
  ],
  [
    'several faults at once',
    { amount_cents: 'x', merchant_id: '', note: 1 },
    ['/customer_email', '/amount_cents', '/merchant_id', '/note'],
  ],
];

function item(change: Record<string, unknown> = {}) {
  return { product_id: 'p', quantity: 1, unit_price_cents: 4_200, ...change };
}

test.each(invalid)('refused, and the answer points at it: %s', async (_, body, pointers) => {
  const { json } = await refused({ body });
  expect(json).toMatchObject({ status: 400, code: 'validation_failed' });
  expect(json.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual(
    pointers.toSorted(),
  );
  for (const { detail } of json.errors) expect(detail).toMatch(/\w/);
});

test.each([
  ['the smallest amount', { ...goodOrder, amount_cents: 1 }],
  ['the largest amount', { ...goodOrder, amount_cents: Number.MAX_SAFE_INTEGER }],
  ['the same number spelled otherwise', '{"customer_email":"a@example.com","amount_cents":4.2e3}'],
  ['items without an amount', { customer_email: 'a@example.com', items: [item(), item()] }],
  ['items with their sum', { ...goodOrder, items: [item()] }],
  ['the largest body', { ...goodOrder, items: itemsOf(1_000, 250) }],
])('accepted: %s', async (_, body) => {
  expect(await api.call({ body })).toMatchObject({ status: 202 });
});

test('a body of exactly 1 MB is read, one byte more is not', async () => {
  const padded = (bytes: number) => text.replace('{', `{${' '.repeat(bytes - text.length)}`);
  expect(await api.call({ body: padded(1_000_000) })).toMatchObject({ status: 202 });
  expect(await refused({ body: padded(1_000_001) })).toMatchObject({ status: 413 });
});

const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const digits = `1.${'0'.repeat(900_000)}1`;
test.each([
  ['100,000 nested lists', nested, 'json_too_deep'],
  ['the same in a field', `{"customer_email":${nested}}`, 'json_too_deep'],
  ['the same as a batch', `{"orders":[${nested}]}`, 'json_too_deep', '/v1/orders/batch'],
  ['the same as a bare batch', nested, 'json_too_deep', '/api/v1/orders/batch'],
  [
    'brackets in a text, and nothing else wrong but it',
    `{"customer_email":"\\"${'['.repeat(1_000)}"}`,
    'validation_failed',
  ],
  [
    '60,000 fields',
    JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`f${at}`, 1]))),
    'validation_failed',
  ],
  [
    '330,000 items',
    `{"customer_email":"a@example.com","items":[${'{},'.repeat(329_999)}{}]}`,
    'validation_failed',
  ],
  ['a million digits', `{"customer_email":"a@example.com","amount_cents":${digits}}`, 'number_too_precise'],
  [
    'digits beyond a double, by an exponent',
    '{"amount_cents":12340000000000000001e-16}',
    'number_too_precise',
  ],
])('refused at once: %s', async (_, body, code, path = '/v1/orders') => {
  const started = performance.now();
  expect((await refused({ body, path })).json).toMatchObject({ status: 400, code });
  // 100 ms on a quiet machine, which a test run is not.
  expect(performance.now() - started).toBeLessThan(2_000);
});

function itemsOf(length: number, nameLength: number) {
  const names = { product_id: 'n'.repeat(nameLength), quantity: 1 };
  return Array.from({ length }, (_, at) => ({ ...names, unit_price_cents: at === 0 ? 4_200 : 0 }));
}
