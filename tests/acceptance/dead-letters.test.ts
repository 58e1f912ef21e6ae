import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import { openSystem, type System } from './outside/system.ts';

let system: System;

beforeAll(async () => {
  system = await openSystem(process.env);
});
afterAll(() => system[Symbol.asyncDispose]());

interface Letter {
  readonly id: string;
  readonly at: string;
  readonly class: string;
  readonly replays: number;
  readonly replayed_at: string | null;
  readonly is_waiting: boolean;
}

const within = 30_000;

async function ask(path: string, body?: object) {
  const { status, text } = await system.api.request(path, {
    ...(body && {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  expect([path, status]).toEqual([path, 200]);
  return JSON.parse(text);
}

const replay = async (body: object): Promise<string[]> =>
  (await ask('/v1/dlq/replay', body)).results.map(({ outcome }: { outcome: string }) => outcome);

/** The one letter that a broken record of this key came to. */
async function letterOf(key: string, isAsWanted: (letter: Letter) => boolean = () => true): Promise<Letter> {
  return eventually(async () => {
    const { items } = await ask(`/v1/dlq/messages?key=${key}`);
    expect(items).toHaveLength(1);
    const [letter]: Letter[] = items;
    if (letter === undefined || !isAsWanted(letter)) throw new Error(`not yet: ${JSON.stringify(letter)}`);
    return letter;
  }, within);
}

async function breakRecord(key: string): Promise<Letter> {
  await system.events.produce('order.created', [{ key, value: 'no JSON', headers: { ce_id: randomUUID() } }]);
  return letterOf(key);
}

test('a record that is replayed as it is comes back as the same letter', async () => {
  const key = randomUUID();
  const { id } = await breakRecord(key);
  expect(await replay({ event_ids: [id], dry_run: true })).toEqual(['replay_requested']);
  expect(await letterOf(key)).toMatchObject({ replays: 0 });

  expect(await replay({ event_ids: [id] })).toEqual(['replay_requested']);
  const back = await letterOf(key, ({ at, replayed_at }) => replayed_at !== null && at > replayed_at);
  expect(back).toMatchObject({ id, class: 'parse', replays: 1, is_waiting: false });
  const records = (await system.events.read('order.retry')).filter((record) => record.key === key);
  expect(records).toMatchObject([{ value: 'no JSON', headers: { 'target-group': 'tbd-workers' } }]);
}, 120_000);

test('a record that is mended and replayed begins what it was to begin', async () => {
  const key = randomUUID();
  const { id } = await breakRecord(key);
  const value = {
    order_id: key,
    customer_email: null,
    amount_cents: 100,
    currency: 'EUR',
    merchant_id: null,
    items: [],
    created_at: new Date().toISOString(),
    schema_version: 1,
  };
  expect(await replay({ event_ids: [id], edits: { [id]: { value } } })).toEqual(['replay_requested']);
  await eventually(() => system.runs.client.workflow.getHandle(`order-${key}`).describe(), within);
  await letterOf(key, ({ is_waiting }) => !is_waiting);
}, 120_000);

test('a record whose order is done is not replayed', async () => {
  const { id: key } = await system.api.accept({ customer_email: 'done@example.com', amount_cents: 300 });
  await system.api.untilFinal(key);
  const { id } = await breakRecord(key);
  expect(await replay({ event_ids: [id] })).toEqual(['already_processed']);
  expect(await letterOf(key)).toMatchObject({ replays: 0 });
}, 120_000);

test('the command line shows and replays letters', async () => {
  const key = randomUUID();
  const { id } = await breakRecord(key);
  const run = (...words: string[]) =>
    spawnSync(process.execPath, ['stack/cli.ts', 'dlq', ...words], { encoding: 'utf8', env: process.env });
  expect(run('list', `key=${key}`).stdout).toContain(id);
  expect(run('show', `id=${id}`).stdout).toContain('no JSON');
  expect(run('stats').stdout).toContain('class parse');
  expect(run('replay', `ids=${id},event-123`, 'dry_run=true').stdout).toMatch(
    /dry run.*1 replay_requested, 1 not_found/,
  );
  const refused = run('replay-range', 'from=2026-01-01T00:00:00Z', 'to=2026-01-02T00:00:00Z', 'max=1001');
  expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('must not be above 1000')]);
}, 120_000);
