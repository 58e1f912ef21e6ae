import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createAuthenticator } from '../../src/api/authenticator.ts';
import { type Call, startTestApi, type TestApi } from '../support/api.ts';
import { inSeconds, startIssuer, type TestIssuer, type Wishes } from '../support/issuer.ts';
import { silent } from '../support/log.ts';

let issuer: TestIssuer;
let api: TestApi;
beforeAll(async () => {
  issuer = await startIssuer();
  api = await startTestApi({ authenticator: createAuthenticator(issuer.settings, { log: silent }) });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const bearing = async (wishes: Wishes) => `Bearer ${await issuer.token(wishes)}`;
const claiming = (claims: Wishes['claims'] & {}) => () => bearing({ claims });

/** A token of the right claims whose signature is none, or made with `secret` by HMAC. */
async function forged(header: Record<string, unknown>, secret?: string | Buffer): Promise<string> {
  const [, payload] = (await issuer.token()).split('.');
  const signed = `${encode(header)}.${payload}`;
  const signature =
    secret === undefined ? '' : createHmac('sha256', secret).update(signed).digest('base64url');
  return `Bearer ${signed}.${signature}`;
}

async function tampered(): Promise<string> {
  const [header, , signature] = (await issuer.token()).split('.');
  const [, others] = (await issuer.token({ claims: { sub: 'eve' } })).split('.');
  return `Bearer ${header}.${others}.${signature}`;
}

const pem = () => issuer.publicKey('RS256').export({ format: 'pem', type: 'spki' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

type Sent = () => string | string[] | undefined | Promise<string | string[] | undefined>;
const absent: readonly [what: string, sent: Sent][] = [
  ['nothing', () => undefined],
  ['an empty header', () => ''],
  ['a password', () => `Basic ${Buffer.from('ada:secret').toString('base64')}`],
  ['another scheme with a token', async () => `DPoP ${await issuer.token()}`],
  ['a token without a scheme', () => issuer.token()],
];
const invalid: readonly [what: string, sent: Sent, detail: RegExp][] = [
  ['the scheme alone', () => 'Bearer', /Send one token/],
  ['two words', () => 'Bearer one two', /Send one token/],
  ['two headers', async () => [await bearing({}), await bearing({})], /several Authorization headers/],
  ['a token and a password', async () => [await bearing({}), 'Basic YQ=='], /several Authorization headers/],
  ['garbage', () => 'Bearer garbage', /not a signed JWT/],
  ['garbage in three parts', () => 'Bearer a.b.c', /not a signed JWT/],
  ['a header that is no object', () => `Bearer ${encode('ES256')}.e30.AA`, /not a signed JWT/],
  ['alg none', () => forged({ alg: 'none' }), /algorithm is not accepted/],
  ['alg None', () => forged({ alg: 'None' }), /algorithm is not accepted/],
  [
    'HS256 with the public key as its secret',
    () => forged({ alg: 'HS256' }, pem()),
    /algorithm is not accepted/,
  ],
  ['HS512', () => forged({ alg: 'HS512' }, 'secret'), /algorithm is not accepted/],
  ['another key under a known name', () => bearing({ key: stranger }), /not signed with a key of its issuer/],
  ['an unknown key', () => bearing({ header: { kid: 'other' } }), /not signed with a key of its issuer/],
  ['a key of another kind', () => forged({ alg: 'RS256' }, 'secret'), /not signed with a key of its issuer/],
  ['another subject under the same signature', tampered, /not signed with a key of its issuer/],
  [
    'critical words that are not known',
    () => forged({ alg: 'ES256', crit: ['x'], x: 1 }),
    /not a signed JWT/,
  ],
  ['an expired token', () => bearing({ claims: { exp: inSeconds(-10) } }), /has expired/],
  ['a token without an end', claiming({ exp: undefined }), /does not say when it expires/],
  ['an end that is no number', claiming({ exp: 'never' }), /does not say when it expires/],
  ['a token of tomorrow', () => bearing({ claims: { nbf: inSeconds(3_600) } }), /not valid yet/],
  ['another issuer', claiming({ iss: 'https://issuer.example' }), /another issuer/],
  ['no issuer', claiming({ iss: undefined }), /another issuer/],
  ['another audience', claiming({ aud: ['https://other.example'] }), /another audience/],
  ['no audience', claiming({ aud: undefined }), /another audience/],
  ['nobody’s token', claiming({ sub: undefined }), /does not say whose it is/],
  ['a subject of nothing', claiming({ sub: '' }), /sub cannot be used/],
  ['a number as subject', claiming({ sub: 7 }), /sub cannot be used/],
  ['a NUL in the subject', claiming({ sub: 'a\0b' }), /sub cannot be used/],
  ['half a character in the subject', claiming({ sub: 'a\ud800' }), /sub cannot be used/],
  ['a subject of 256 characters', claiming({ sub: 'x'.repeat(256) }), /sub cannot be used/],
];

/** The body would be refused as well: nobody looked at it. */
async function refused(authorization: string | string[] | undefined, call: Call = {}) {
  const before = await api.rowCounts();
  const answer = await api.call({ body: '{"amount_cents":', ...call, headers: { authorization } });
  expect(await api.rowCounts()).toEqual(before);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  const {
    status,
    json: { code, detail },
    headers: { 'www-authenticate': challenge },
  } = answer;
  return { status, code, detail, challenge };
}

test.each(absent)('without a bearer token nobody is let in: %s', async (_, sent) => {
  expect(await refused(await sent())).toEqual({
    status: 401,
    code: 'authentication_required',
    challenge: 'Bearer',
    detail: 'Send an access token as Authorization: Bearer <token>.',
  });
});

test.each(invalid)(
  'a token that proves nothing is refused, and the answer says why: %s',
  async (_, sent, detail) => {
    expect(await refused(await sent())).toEqual({
      status: 401,
      code: 'token_invalid',
      challenge: 'Bearer error="invalid_token"',
      detail: expect.stringMatching(detail),
    });
  },
);

const someOrder = `/v1/orders/${randomUUID()}`;
const routes: readonly [method: string, path: string, scope: string][] = [
  ['POST', '/v1/orders', 'orders:write'],
  ['GET', '/v1/orders', 'orders:read'],
  ['HEAD', '/v1/orders', 'orders:read'],
  ['GET', someOrder, 'orders:read'],
  ['POST', `${someOrder}/cancel`, 'orders:write'],
];

test.each(routes)('%s %s needs a token with the scope %s', async (method, path, scope) => {
  const others = ['orders:read', 'orders:write', 'orders', 'ORDERS:READ', 'admin'].filter(
    (one) => one !== scope,
  );
  for (const claims of [
    { scope: undefined },
    { scope: others.join(' ') },
    { scope: undefined, scp: others },
  ]) {
    const { status, headers } = await api.call({
      method,
      path,
      body: undefined,
      headers: { authorization: await bearing({ claims }) },
    });
    expect([status, headers['www-authenticate']]).toEqual([
      403,
      `Bearer error="insufficient_scope", scope="${scope}"`,
    ]);
  }
  expect((await api.call({ method, path, body: undefined })).status).toBe(401);
  const { status } = await api.call({
    method,
    path,
    headers: { authorization: await bearing({ claims: { scope } }) },
  });
  expect([200, 202, 404]).toContain(status);
});

test('a missing scope is named, before anything else of the request is looked at', async () => {
  const reading = await bearing({ claims: { scope: 'orders:read' } });
  expect(await refused(reading)).toEqual({
    status: 403,
    code: 'insufficient_scope',
    detail: 'Get a token with the scope orders:write.',
    challenge: 'Bearer error="insufficient_scope", scope="orders:write"',
  });
});

test.each<[what: string, sent: () => Promise<string>]>([
  ['its scheme in lower case', async () => `bearer ${await issuer.token()}`],
  ['its scheme in upper case, blanks around', async () => `BEARER   ${await issuer.token()} `],
  ['scopes as a list', claiming({ scope: undefined, scp: ['orders:read', 'orders:write'] })],
  ['several audiences', claiming({ aud: ['https://other.example', 'https://orders.example'] })],
  ['an end 2 s ago: clocks differ', () => bearing({ claims: { exp: inSeconds(-2) } })],
  ['a beginning in 2 s', () => bearing({ claims: { nbf: inSeconds(2) } })],
  ['a subject of 255 characters', claiming({ sub: '"\\ö🦆'.padEnd(255, 'é') })],
  ['RS256', () => bearing({ header: { alg: 'RS256' } })],
  ['RS512', () => bearing({ header: { alg: 'RS512' } })],
  ['PS256', () => bearing({ header: { alg: 'PS256' } })],
  ['EdDSA', () => bearing({ header: { alg: 'EdDSA' } })],
  ['no word of its key, which is the only one of its kind', () => bearing({ header: { kid: undefined } })],
])('a good token may have %s', async (_, sent) => {
  const { status, headers } = await api.call({ headers: { authorization: await sent() } });
  expect([status, headers['www-authenticate']]).toEqual([202, undefined]);
});

test.each([
  ...[
    '/v1/orders',
    '/v1/orders/',
    '/v1/orders/batch',
    '/orders',
    '/orders/',
    '/api/v1/orders',
    '/api/v1/orders/batch',
  ],
  ...[
    '/V1/orders',
    '/v1/ORDERS/',
    '/V1/orders/batch',
    '/Orders',
    '/API/v1/orders',
    '/v1//orders',
    '/%76%31/orders',
  ],
])('without a token nothing is placed, however the address is spelled: %s', async (path) => {
  const before = await api.rowCounts();
  for (const method of ['POST', 'GET', 'HEAD', 'PUT'])
    expect([401, 404, 405]).toContain((await api.call({ method, path })).status);
  expect(await api.rowCounts()).toEqual(before);
});

test.each(['/healthz', '/readyz', '/metrics'])('an operator’s tools need no token: %s', async (path) => {
  expect((await api.call({ method: 'GET', path })).status).toBe(200);
});

test('nothing of a token gets into the log, accepted or refused, and metrics tell the routes apart', async () => {
  const token = await issuer.token({ claims: { sub: 'grace-hopper' } });
  const headers = { authorization: `Bearer ${token}` };
  await api.call({ headers });
  await api.call({ headers: { authorization: `Bearer ${token}x` } });
  await api.call({ headers: { authorization: await bearing({ claims: { sub: 'grace-hopper', exp: 1 } }) } });
  const said = JSON.stringify(api.lines);
  expect(said).toContain('order accepted');
  for (const part of ['grace-hopper', ...token.split('.')]) expect(said).not.toContain(part);
  const reading = await bearing({ claims: { scope: 'orders:read' } });
  await api.call({ path: `${someOrder}/cancel`, headers: { authorization: reading } });
  const { text } = await api.call({ method: 'GET', path: '/metrics' });
  expect(text).toMatch(/^http_requests_total\{method="POST",route="\/v1\/orders",status="401"\} \d+$/m);
  expect(text).toMatch(
    /^http_requests_total\{method="POST",route="\/v1\/orders\/:id\/cancel",status="403"\} \d+$/m,
  );
});
