import Koa from 'koa';
import { type Listening, listen } from './listen.ts';
import { problems } from './problem.ts';
import { problemPagesRouter } from './problem-pages.ts';

const catalogue = { odd: { status: 409, meaning: 'a < b & c', remedy: 'Make a larger.' } };
let listening: Listening;

beforeAll(async () => {
  const app = new Koa();
  app.use(problems({ translate: () => undefined, report: () => undefined }));
  app.use(problemPagesRouter(catalogue).routes());
  listening = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(() => listening[Symbol.asyncDispose]());

function get(path: string, accept?: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${listening.port}${path}`, { headers: accept ? { accept } : {} });
}

test('a person gets a page that says what it means and what to do', async () => {
  for (const accept of [undefined, 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8']) {
    const answer = await get('/problems/odd', accept);
    expect([answer.status, answer.headers.get('vary')]).toEqual([200, 'Accept']);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const page = await answer.text();
    for (const words of ['<h1>odd</h1>', '409 Conflict', 'a &lt; b &amp; c', 'Make a larger.'])
      expect(page).toContain(words);
  }
});

test('a program gets the same as JSON', async () => {
  const answer = await get('/problems/odd', 'application/json');
  expect(await answer.json()).toEqual({
    type: '/problems/odd',
    title: 'Conflict',
    status: 409,
    code: 'odd',
    meaning: 'a < b & c',
    remedy: 'Make a larger.',
  });
});

test.each(['/problems/even', '/problems/__proto__', '/problems/constructor', '/problems/..%2fodd'])(
  'no page for what is no code: %s',
  async (path) => {
    const answer = await get(path);
    expect(await answer.json()).toMatchObject({ status: 404, code: 'not_found' });
  },
);

test('who wants neither is told what there is', async () => {
  const answer = await get('/problems/odd', 'image/png');
  expect(await answer.json()).toMatchObject({ status: 406, code: 'not_acceptable' });
});
