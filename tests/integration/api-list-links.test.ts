import { goodOrder, startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
const newestFirst: string[] = [];
beforeAll(async () => {
  api = await startTestApi();
  for (let at = 0; at < 23; at += 1) newestFirst.unshift((await api.call({ body: goodOrder })).json.id);
});
afterAll(() => api[Symbol.asyncDispose]());

interface Page {
  readonly ids: readonly string[];
  readonly links: Readonly<Record<string, string>>;
  readonly next: string | null;
}

async function page(path: string): Promise<Page> {
  const { json, headers } = await api.call({ method: 'GET', path });
  const links = Array.from(String(headers.link ?? '').matchAll(/<([^>]+)>; rel="(\w+)"/g), ([, to, rel]) => [
    rel,
    to,
  ]);
  return {
    ids: json.items.map(({ id }: { id: string }) => id),
    links: Object.fromEntries(links),
    next: json.next,
  };
}

async function walk(start: string, relation: string): Promise<Page[]> {
  const pages = [await page(start)];
  for (let to = pages[0]?.links[relation]; to !== undefined; to = pages.at(-1)?.links[relation])
    pages.push(await page(to));
  return pages;
}

test.each(['/v1/orders?limit=5', '/v1/orders?page=1&page_size=5', '/v1/orders?limit=5&status=pending'])(
  'the Link header leads from %s to the last page and back again',
  async (first) => {
    const down = await walk(first, 'next');
    expect(down.map(({ ids }) => ids.length)).toEqual([5, 5, 5, 5, 3]);
    expect(down.flatMap(({ ids }) => ids)).toEqual(newestFirst);
    const last = down.at(-2)?.links.next ?? '';
    const up = await walk(last, 'prev');
    expect(up.flatMap(({ ids }) => ids.toReversed())).toEqual(newestFirst.toReversed());
  },
);

test('a page shows where it leads: nothing before the first, nothing after the last', async () => {
  const first = await page('/v1/orders?limit=20');
  expect(Object.keys(first.links)).toEqual(['next']);
  expect(first.links.next).toContain(`cursor=${first.next}`);
  const last = await page(first.links.next ?? '');
  expect([Object.keys(last.links), last.next]).toEqual([['prev'], null]);
  const all = await page('/v1/orders?limit=100');
  expect([all.links, all.next]).toEqual([{}, null]);
});

test('a link keeps the status that was asked for', async () => {
  const { links } = await page('/v1/orders?limit=5&status=pending');
  expect(links.next).toContain('status=pending');
});

test('numbered pages end where they would be too deep, and `next` goes on from there', async () => {
  const { links, next } = await page('/v1/orders?page=10000&page_size=1');
  expect([links, next]).toEqual([{ prev: '/v1/orders?page=9999&page_size=1' }, null]);
});
