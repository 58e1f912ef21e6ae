import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from './settings.ts';
import { where } from './where.ts';

const id = '0198c5f0-4b1c-7f0e-8c55-2f6a9d3e7b10';
const traceId = '0af7651916cd43dd8448eb211c80319c';
const accepted = { at: '2026-11-21T10:00:00.000Z', step: 'accepted', detail: { trace_id: traceId } };
const begun = { at: '2026-11-21T10:00:01.000Z', step: 'begun', detail: { run_id: 'r-1' } };

async function serve(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { port, close };
}

/** What `make where` prints of an API that answers each path in `answers`, and any other with 404. */
async function whereOf(answers: Record<string, unknown>, asked: string, home = '/nowhere'): Promise<string> {
  const { port, close } = await serve((request, response) => {
    const answer = answers[request.url ?? ''];
    const body = answer ?? { code: 'not_found', detail: 'There is no such order.' };
    response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(body));
  });
  const { write } = process.stdout;
  let shown = '';
  process.stdout.write = (text: string | Uint8Array) => {
    shown += text;
    return true;
  };
  try {
    await where(readSettings({ TBD_HOME: home, API_PORT: String(port) }), [asked]);
    return shown;
  } finally {
    process.stdout.write = write;
    await close();
  }
}

/** A stack's folder whose table has one process of this role, with its metrics at `port`. */
function homeWith(role: string, port: number): string {
  const home = mkdtempSync(join(tmpdir(), 'tbd-where-'));
  mkdirSync(join(home, 'run'));
  const table = [{ name: role, roles: [role], ports: { METRICS_PORT: port } }];
  writeFileSync(join(home, 'run', 'table.json'), JSON.stringify(table));
  return home;
}

const waiting = {
  [`/v1/orders/${id}`]: { id, status: 'pending', trace_id: traceId },
  [`/v1/orders/${id}/timeline`]: { items: [accepted], last_failed_attempt: null },
};

test('an order whose charge fails is shown with the error and the time of the next attempt', async () => {
  const failed = { step: 'charge', attempt: 4, error: 'no outcome', at: '10:09', next_attempt_at: '10:17' };
  const shown = await whereOf(
    {
      [`/v1/orders/${id}`]: { id, status: 'processing', trace_id: traceId },
      [`/v1/orders/${id}/timeline`]: { items: [accepted, begun], last_failed_attempt: failed },
    },
    id,
  );
  expect(shown).toContain(`order ${id}: processing`);
  expect(shown).toContain('begun     {"run_id":"r-1"}');
  expect(shown).toContain('charge failed 4 times, last at 10:09: no outcome; tried again at 10:17');
  expect(shown).toContain(`/workflows/order-${id}`);
  expect(shown).toContain(`grep -h ${traceId}`);
});

test('a transaction is found too, and one that is settled waits for nothing', async () => {
  const shown = await whereOf(
    {
      [`/v1/transactions/${id}`]: { id, status: 'PROCESSED', trace_id: null },
      [`/v1/transactions/${id}/timeline`]: { items: [accepted], last_failed_attempt: null },
    },
    id,
  );
  expect(shown).toContain(`transaction ${id}: PROCESSED`);
  expect(shown).not.toContain('It waits');
});

test('what is no id, and an id of nothing, is told with what to do about it', async () => {
  await expect(whereOf({}, 'x')).rejects.toThrow('make where id=');
  await expect(whereOf({}, id)).rejects.toThrow('There is no such order.');
});

test('a process that hangs is told of, and not waited for', async () => {
  const { port, close } = await serve(() => {});
  const home = homeWith('relay', port);
  expect(await whereOf(waiting, id, home)).toContain('relay does not answer');
  rmSync(home, { recursive: true });
  await close();
}, 60_000);

test('figures that nobody could give are not told as none', async () => {
  const { port, close } = await serve(({ url }, response) =>
    response.end(url === '/readyz' ? '{"checks": {}}' : 'outbox_unsent_rows 3\n'),
  );
  const home = homeWith('relay', port);
  const shown = await whereOf(waiting, id, home);
  expect(shown).toContain('3 events wait in the outbox, nobody knows how many records');
  rmSync(home, { recursive: true });
  await close();
});
