import { createAuthenticator } from '../../src/api/authenticator.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { startIssuer, type TestIssuer } from '../support/issuer.ts';
import { type Line, memoryLog } from '../support/log.ts';

let issuer: TestIssuer;
let api: TestApi;
let lines: readonly Line[];
const cooldownMs = 300;

beforeEach(async () => {
  issuer = await startIssuer();
  const memory = memoryLog();
  lines = memory.lines;
  const authenticator = createAuthenticator(issuer.settings, { log: memory.log, cooldownMs });
  api = await startTestApi({ authenticator });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const call = async (token?: string) =>
  api.call({ headers: { Authorization: `Bearer ${token ?? (await issuer.token())}` } });

async function expectUnavailable(): Promise<void> {
  const before = await api.rowCounts();
  const { status, json, headers, text } = await call();
  expect([status, json.code, headers['retry-after']]).toEqual([503, 'identity_provider_unavailable', '1']);
  expect(headers['www-authenticate']).toBeUndefined();
  expect(text).not.toMatch(/ECONN|127\.0\.0\.1|keys\b.*http/);
  expect(await api.rowCounts()).toEqual(before);
}

test('keys are fetched once, however many ask at the same time', async () => {
  const token = await issuer.token();
  const answers = await Promise.all(Array.from({ length: 20 }, () => call(token)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(issuer.fetches).toBe(1);
});

test('a new key is noticed by the first token that it signed, and an old one then counts no longer', async () => {
  const old = await issuer.token();
  expect((await call(old)).status).toBe(202);
  issuer.rotate();
  await eventually(async () => expect((await call()).status).toBe(202), 5_000);
  expect(issuer.fetches).toBe(2);
  expect(await call(old)).toMatchObject({ status: 401, json: { code: 'token_invalid' } });
});

test('tokens with invented keys have the keys fetched no more than once in a while', async () => {
  await call();
  const began = performance.now();
  for (let at = 0; at < 30; at += 1) {
    const token = await issuer.token({ header: { kid: `invented-${at}` } });
    expect((await call(token)).status).toBe(401);
  }
  const most = 2 + Math.floor((performance.now() - began) / cooldownMs);
  expect(issuer.fetches).toBeLessThanOrEqual(most);
});

test('while no keys can be had nobody is let in and nobody is called a liar; then all is well by itself', async () => {
  await issuer.stop();
  await expectUnavailable();
  expect((await api.call()).status).toBe(401);
  await issuer.start();
  await eventually(async () => expect((await call()).status).toBe(202), 5_000);
  const [line] = lines;
  expect(line).toMatchObject({ level: 'warn', err: { code: 'ECONNREFUSED' } });
});

test('an issuer that is away does not matter to tokens whose key is known', async () => {
  expect((await call()).status).toBe(202);
  await issuer.stop();
  expect((await call()).status).toBe(202);
});

test('an issuer that fails is asked, and told of, once a second at most', async () => {
  issuer.answer({ status: 500, body: 'broken' });
  const began = performance.now();
  for (let at = 0; at < 10; at += 1) await expectUnavailable();
  const most = 1 + Math.floor((performance.now() - began) / 1_000);
  expect(issuer.fetches).toBeLessThanOrEqual(most);
  expect(lines.length).toBeLessThanOrEqual(most);
});

test.each([
  ['not JSON', '<html>'],
  ['no key set', '{"keys":7}'],
])('an address that answers with something else is as good as none: %s', async (_, body) => {
  issuer.answer({ status: 200, body });
  await expectUnavailable();
  issuer.answer(undefined);
  await eventually(async () => expect((await call()).status).toBe(202), 5_000);
});

test('with one configured key nothing is fetched', async () => {
  const { issuer: iss, audience } = issuer.settings;
  const keys = issuer.publicKey('ES256');
  const authenticator = createAuthenticator({ issuer: iss, audience, keys }, memoryLog());
  await using other = await startTestApi({ authenticator });
  const statusOf = async (alg: string) => {
    const Authorization = `Bearer ${await issuer.token({ header: { alg } })}`;
    return (await other.call({ headers: { Authorization } })).status;
  };
  expect(await statusOf('ES256')).toBe(202);
  expect(await statusOf('RS256')).toBe(401);
  expect(await statusOf('EdDSA')).toBe(401);
  expect(issuer.fetches).toBe(0);
});
