import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { k6Sources } from '../../loadtest/k6.ts';
import { describeWith, needsTool } from '../support/tools.ts';
import { root } from './compose.ts';
import { testApiUrl } from './test-stack.ts';

const folder = join(root, 'loadtest');
const isScript = (file: string) => /^(orders\.js|load.*\.ts)$/.test(file);

describeWith('the load tests', await needsTool({ name: 'k6', sources: k6Sources }), (k6) => {
  test.each(readdirSync(folder).filter(isScript))('k6 accepts %s, with its thresholds', (file) => {
    const { thresholds } = JSON.parse(
      execFileSync(k6, ['inspect', join(folder, file)], { encoding: 'utf8' }),
    );
    expect(thresholds).toEqual({ checks: ['rate>0.99'], http_req_duration: ['p(99)<500'] });
  });

  const run = (apiUrl: string, ...args: string[]) =>
    new Promise<{ code: unknown; output: string }>((resolve) => {
      const env = { ...process.env, K6: k6, API_URL: apiUrl };
      execFile(process.execPath, [join(folder, 'run.ts'), ...args], { env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, output: stdout + stderr }),
      );
    });
  const few = ['orders', '--vus', '2', '--iterations', '20'];

  test('a short run passes against the real api and waits until its orders are final', async () => {
    const { code, output } = await run(testApiUrl(), ...few);
    expect(output).toMatch(/Backlog(: none| gone after \d)/);
    expect(code).toBe(0);
  }, 60_000);

  test('the backlog is counted over all pages and watched until it is gone', async () => {
    await using api = await pretendedApi({ status: 202, open: 250, finalAfterMs: 300 });
    const { code, output } = await run(api.url, ...few);
    expect(output).toContain('Backlog: 250 orders are not final yet.');
    expect(output).toMatch(/Backlog gone after [01]\.\d s/);
    expect(code).toBe(0);
  });

  test('a missed threshold is a failure', async () => {
    await using api = await pretendedApi({ status: 503, open: 0, finalAfterMs: 0 });
    const { code } = await run(api.url, ...few);
    expect(code).not.toBe(0);
  });

  test('without an api it says how to start one', async () => {
    await using api = await pretendedApi({ status: 202, open: 0, finalAfterMs: 0 });
    await api[Symbol.asyncDispose]();
    const { code, output } = await run(api.url, 'load');
    expect(output).toContain('make up');
    expect(code).toBe(1);
  });
});

/** Answers every POST with `status` and lists `open` pending orders until some time after the first look. */
async function pretendedApi({
  status,
  open,
  finalAfterMs,
}: Record<'status' | 'open' | 'finalAfterMs', number>) {
  let firstLook: number | undefined;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const answer = (code: number, body: unknown) => response.writeHead(code).end(JSON.stringify(body));
    if (request.method === 'POST') request.resume().on('end', () => answer(status, {}));
    else if (pathname === '/healthz') answer(200, {});
    else {
      firstLook ??= performance.now();
      const isOpen = searchParams.get('status') === 'pending' && performance.now() < firstLook + finalAfterMs;
      const from = Number(searchParams.get('cursor') ?? 0);
      const to = Math.min(isOpen ? open : 0, from + Number(searchParams.get('limit')));
      const items = Array(Math.max(0, to - from)).fill({});
      answer(200, { items, next: isOpen && to < open ? String(to) : null });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is always an object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
