import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { deadLetters } from './dead-letters.ts';
import { readSettings } from './settings.ts';

/** An API that remembers what it was asked and gives each question the same answer. */
async function startApi(answer: unknown, status = 200) {
  const asked: { path: string; body?: unknown }[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    asked.push(request.method === 'POST' ? { path, body: await json(request) } : { path });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const settings = readSettings({ TBD_HOME: '/nowhere', API_PORT: String(port) });
  return {
    asked,
    run: (...words: string[]) => deadLetters(settings, words),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('each verb asks the API for what its words say', async () => {
  const results = { dry_run: false, results: [], totals: {}, items: [], next: null };
  await using api = await startApi({ ...results, by_class: {}, by_topic: {}, by_group: {} });
  const file = join(tmpdir(), `edit-${process.pid}.json`);
  writeFileSync(file, '{"a":1}');
  await api.run();
  await api.run('list', 'class=parse', 'key=a=b');
  await api.run('show', 'id=g/t/0/1');
  await api.run('stats');
  await api.run('replay', 'ids=g/t/0/1,event-2', 'dry_run=true');
  await api.run('replay', 'ids=event-2', `file=${file}`);
  await api.run(
    'replay-range',
    'from=2026-01-01T00:00:00Z',
    'to=2026-01-02T00:00:00Z',
    'max=7',
    'cursor=abc',
  );
  expect(api.asked).toEqual([
    { path: '/v1/dlq/messages?' },
    { path: '/v1/dlq/messages?class=parse&key=a%3Db' },
    { path: '/v1/dlq/messages/g%2Ft%2F0%2F1' },
    { path: '/v1/dlq/stats' },
    { path: '/v1/dlq/replay', body: { event_ids: ['g/t/0/1', 'event-2'], dry_run: true } },
    {
      path: '/v1/dlq/replay',
      body: { event_ids: ['event-2'], dry_run: false, edits: { 'event-2': { value: { a: 1 } } } },
    },
    {
      path: '/v1/dlq/replay/batch',
      body: {
        start_time: '2026-01-01T00:00:00Z',
        end_time: '2026-01-02T00:00:00Z',
        dry_run: false,
        max_messages: 7,
        cursor: 'abc',
      },
    },
  ]);
});

test('what hinders it is told, with what to do about it', async () => {
  await using api = await startApi({ code: 'validation_failed' }, 400);
  await expect(api.run('list')).rejects.toThrow('answered 400: {"code":"validation_failed"}');
  await expect(api.run('forget')).rejects.toThrow('list, show, stats, replay, replay-range');
  await expect(api.run('stats', 'class=parse')).rejects.toThrow('do=stats takes no class; it takes nothing');
  await expect(api.run('replay')).rejects.toThrow('make dlq do=replay ids=');
  await expect(api.run('replay-range', 'from=x')).rejects.toThrow('from=2026-01-01T00:00:00Z');
  await expect(api.run('replay', 'ids=a', 'dry_run=yes')).rejects.toThrow('neither true nor false');
  await expect(api.run('replay', 'ids=a', 'file=/nowhere')).rejects.toThrow('write the new value');
  await api[Symbol.asyncDispose]();
  await expect(api.run('list')).rejects.toThrow('`make up` starts it');
});
