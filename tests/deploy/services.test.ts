import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { roleServices } from './compose.ts';
import { type Running, startService } from './start-service.ts';

const folder = mkdtempSync(join(tmpdir(), 'tbd-services-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(roleServices())('the container of %s', (name, service) => {
  let running: Running;
  // The slowest role bundles its workflows first.
  beforeAll(async () => {
    running = await startService(service, { folder });
  }, 40_000);
  afterAll(() => running?.[Symbol.asyncDispose](), 40_000);

  test('becomes ready with exactly the environment of the compose file', async () => {
    expect((await fetch(`${running.operations}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${running.operations}/metrics`)).text()).toMatch(/^# TYPE /m);
  });

  const served = { api: ['API_PORT', '/readyz'], payment: ['PAYMENT_PORT', '/health'] }[name];
  if (served !== undefined) {
    const [port = '', path] = served;
    test(`serves ${path} on the port that leads to it`, async () => {
      expect((await fetch(`http://127.0.0.1:${running.env[port]}${path}`)).status).toBe(200);
    });
  }

  test('drains and ends with 0 within its grace period when it is told to stop', async () => {
    expect(await running.kill('SIGTERM')).toBe(0);
  }, 35_000);
});
