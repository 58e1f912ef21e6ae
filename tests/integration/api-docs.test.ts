import { startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const get = (path: string) => api.call({ method: 'GET', path });

test('the page loads all it needs from here', async () => {
  const page = await get('/docs');
  expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
  const loaded = Array.from(page.text.matchAll(/(?:src|href)="([^"]+)"/g), ([, address]) => address ?? '');
  expect(loaded).toContain('/docs/start.js');
  for (const address of loaded) {
    expect(address).toMatch(/^\/docs\/[\w.-]+$/);
    const { status, headers, text } = await get(address);
    expect([address, status, text.length > 0]).toEqual([address, 200, true]);
    expect(headers['content-type']).toMatch(/^(text\/(javascript|css)|image\/png)/);
    expect(headers['cache-control']).toBe('max-age=3600');
  }
});

test('it shows the document that is served beside it', async () => {
  const { text } = await get('/docs/start.js');
  expect(text).toContain(`url: '/openapi.json'`);
  expect((await get('/openapi.json')).json).toMatchObject({ openapi: expect.stringMatching(/^3\.1\./) });
});

test('its policy lets in no script but the files of this server, and none inline', async () => {
  const { text, headers } = await get('/docs');
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain(`default-src 'none'; script-src 'self'; style-src 'self'`);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(text).not.toMatch(/<script(?! src=)|<style| style=| on\w+=|https?:/);
});

test.each([
  '/docs/package.json',
  '/docs/..%2fpackage.json',
  '/docs/..%2f..%2f..%2fpackage.json',
  '/docs/%2fetc%2fpasswd',
  '/docs/__proto__',
  '/docs/swagger-ui.js.map',
  '/docs/a/b.js',
])('no file but those of its list is served: %s', async (path) => {
  expect((await get(path)).json).toMatchObject({ status: 404, code: 'not_found' });
});
