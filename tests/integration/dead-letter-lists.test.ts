import { sweepLetters } from '../../src/store/dead-letters.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { plantLetters } from '../support/dead-letters.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => api.database.rows('truncate dead_letters, replays'));

const get = (path: string) => api.call({ method: 'GET', path });
const plant = (...changes: Parameters<typeof plantLetters>[1][]) => plantLetters(api.pool, ...changes);
const idsOf = (answer: { json: { items: { id: string }[] } }) => answer.json.items.map(({ id }) => id);
const hour = (number: number) => new Date(Date.UTC(2026, 0, 1, number));

test('letters are listed newest first, and pages lead to their neighbours and back', async () => {
  // Those of one moment too: a window of records is set aside at once.
  const planted = await plant(...[1, 2, 2, 2, 3, 4, 5].map((number) => ({ at: hour(number) })));
  const all = idsOf(await get('/v1/dlq/messages'));
  expect(all.toSorted()).toEqual(planted.map(({ id }) => id).toSorted());
  expect([all[0], all.at(-1)]).toEqual([planted.at(-1)?.id, planted[0]?.id]);

  const walk = async (start: string, relation: string) => {
    const pages: string[][] = [];
    for (let path: string | undefined = start; path !== undefined; ) {
      const answer = await get(path);
      pages.push(idsOf(answer));
      path = new RegExp(`<([^>]+)>; rel="${relation}"`).exec(String(answer.headers.link))?.[1];
    }
    return pages;
  };
  const first = '/v1/dlq/messages?limit=3&class=parse&from=2026-01-01T00:00:00Z';
  const down = await walk(first, 'next');
  expect(down).toEqual([all.slice(0, 3), all.slice(3, 6), all.slice(6)]);
  const { json } = await get(first);
  const second = `${first}&cursor=${json.next}`;
  expect(await walk(second, 'prev')).toEqual([down[1], down[0]]);
});

test.each([
  ['class=schema', { class: 'schema' }],
  ['topic=elsewhere', { topic: 'elsewhere' }],
  ['group=workers-notifier', { group: 'workers-notifier' }],
  ['event_id=event-9', { eventId: 'event-9' }],
  ['key=%C3%A4%20key', { key: Buffer.from('ä key') }],
  ['from=2026-01-01T06:00:00Z', { at: hour(6) }],
  ['from=2026-01-01T00:00:00Z&to=2026-01-01T03:00:00%2B01:00', { at: hour(1) }],
])('a list shows only what was asked for: %s', async (query, change) => {
  await plant({ at: hour(5) }, { at: hour(2) });
  const [wanted] = await plant({ at: hour(5), ...change });
  expect(idsOf(await get(`/v1/dlq/messages?${query}`))).toEqual([wanted?.id]);
});

test.each(['cursor=x', 'class=', 'from=yesterday', 'limit=0', 'page=1', `cursor=${btoa('<1/\0')}`])(
  'a question that is none is refused: %s',
  async (query) => {
    expect(await get(`/v1/dlq/messages?${query}`)).toMatchObject({
      status: 400,
      json: { code: 'validation_failed' },
    });
  },
);

test('a letter shows all that its record had, byte by byte', async () => {
  const bytes = Buffer.from([0, 255, 10]);
  const [letter] = await plant({
    key: null,
    value: bytes,
    headers: { mark: [bytes.toString('base64'), 'bQ=='], 'a\0b': ['eA=='] },
    traceparent: '00-1',
    attempts: 3,
  });
  const { status, json } = await get(`/v1/dlq/messages/${encodeURIComponent(letter?.id ?? '')}`);
  expect([status, json]).toEqual([
    200,
    expect.objectContaining({
      id: letter?.id,
      key: null,
      value: { base64: bytes.toString('base64') },
      value_bytes: 3,
      headers: [
        { name: 'mark', base64: bytes.toString('base64') },
        { name: 'mark', text: 'm' },
        { name: 'a\0b', text: 'x' },
      ],
      traceparent: '00-1',
      attempts: 3,
      history: [],
    }),
  ]);
});

test.each(['none', '%00', 'a%2Fb%2F0%2F1'])('a letter that is not there is a 404: %s', async (id) => {
  expect(await get(`/v1/dlq/messages/${id}`)).toMatchObject({
    status: 404,
    json: { code: 'dead_letter_not_found' },
  });
});

test('a page ends where its headers grow too large for one answer, and the next goes on there', async () => {
  const large = { headers: { large: ['A'.repeat(3_000_000)] } };
  const planted = await plant(
    { at: hour(1), ...large },
    { at: hour(2), ...large },
    { at: hour(3), ...large },
  );
  const first = await get('/v1/dlq/messages');
  expect(idsOf(first)).toEqual([planted[2]?.id, planted[1]?.id]);
  expect(idsOf(await get(`/v1/dlq/messages?cursor=${first.json.next}`))).toEqual([planted[0]?.id]);
});

test('the figures are of all letters, by what they are', async () => {
  expect((await get('/v1/dlq/stats')).json).toMatchObject({ letters: 0, oldest: null, by_class: {} });
  await plant({ at: hour(1) }, { at: hour(2), class: 'schema' }, { at: hour(3), group: null });
  expect((await get('/v1/dlq/stats')).json).toEqual({
    letters: 3,
    oldest: hour(1).toISOString(),
    newest: hour(3).toISOString(),
    by_class: { parse: 2, schema: 1 },
    by_topic: { 'order.created': 3 },
    by_group: { workers: 2, '-': 1 },
    replays_waiting: 0,
  });
});

test('what is older than its topic keeps it is forgotten', async () => {
  const now = Date.now();
  const [, young] = await plant({ at: new Date(now - 7_200_000) }, { at: new Date(now - 60_000) });
  expect(await sweepLetters(api.pool, { ms: 3_600_000, limit: 10 })).toBe(1);
  expect(idsOf(await get('/v1/dlq/messages'))).toEqual([young?.id]);
});

test('the addresses of an earlier system show the same', async () => {
  await plant({}, {});
  for (const what of ['messages', 'stats'])
    expect((await get(`/api/v1/dlq/${what}`)).json).toEqual((await get(`/v1/dlq/${what}`)).json);
});
