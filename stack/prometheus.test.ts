import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './download.ts';
import { addresses, roleEnvironment } from './environment.ts';
import { wantsPrometheus } from './observability.ts';
import { prometheusSources } from './parts/prometheus-sources.ts';
import { type Environment, readSettings } from './settings.ts';
import { type Entry, writeTable } from './table.ts';
import { targetsFile, writeTargets } from './targets.ts';

let home: string;
const settings = (env: Environment = {}) => readSettings({ TBD_HOME: home, ...env });

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tbd-prometheus-'));
});
afterEach(() => rmSync(home, { recursive: true }));

test('it stays with a running stack until it is declined, and is not there without being asked for', () => {
  expect(wantsPrometheus(settings())).toBe(false);
  expect(wantsPrometheus(settings({ OBSERVABILITY: '1' }))).toBe(true);
  // Of the table's rows only the name is looked at.
  writeTable(home, [{ name: 'prometheus' } as Entry]);
  expect(wantsPrometheus(settings())).toBe(true);
  expect(wantsPrometheus(settings({ OBSERVABILITY: '0' }))).toBe(false);
  expect(() => wantsPrometheus(settings({ OBSERVABILITY: 'perhaps' }))).toThrow('give 1 or 0');
});

test('its address is shown, unless another one was given, and means nothing to the roles', () => {
  const asked = settings({ OBSERVABILITY: '1', PROMETHEUS_PORT: '9999' });
  expect(addresses(asked).PROMETHEUS_URL).toBe('http://127.0.0.1:9999');
  expect(roleEnvironment(asked)).toEqual(roleEnvironment(settings()));
  const given = settings({ OBSERVABILITY: '1', PROMETHEUS_URL: 'http://elsewhere' });
  expect(addresses(given).PROMETHEUS_URL).toBeUndefined();
});

test('every process with metrics is a target under the name of its kind', () => {
  writeTargets(home, [
    { name: 'kafka', ports: { KAFKA_PORT: 9092 } },
    { name: 'api', ports: { API_PORT: 8080, METRICS_PORT: 9464 } },
    { name: 'api-2', ports: { API_PORT: 8080, METRICS_PORT: 9468 } },
  ]);
  expect(JSON.parse(readFileSync(targetsFile(home), 'utf8'))).toEqual([
    { targets: ['127.0.0.1:9464'], labels: { role: 'api' } },
    { targets: ['127.0.0.1:9468'], labels: { role: 'api' } },
  ]);
});

test('the official archive is unpacked when its sum is right and refused when it is not', async () => {
  const source = prometheusSources.at(-1);
  const archive = source?.from.split(' ').at(-1) ?? '';
  mkdirSync(join(home, 'site'));
  for (const program of ['prometheus', 'promtool']) writeFileSync(join(home, 'site', program), program);
  await run(['tar', '-czf', join(home, archive), '-C', home, 'site'], { env: process.env });
  let body = readFileSync(join(home, archive));
  const sum = createHash('sha256').update(body).digest('hex');
  await using server = createServer((request, response) =>
    response.end(request.url?.endsWith('sha256sums.txt') ? `0123  other.tar.gz\n${sum}  ${archive}\n` : body),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  // A TCP server's address is always an object.
  const { port } = server.address() as AddressInfo;
  const mirrored = (parts: string) =>
    settings({
      ...process.env,
      TBD_PARTS: join(home, parts),
      PROMETHEUS_ARCHIVE_URL: `http://127.0.0.1:${port}`,
    });
  const programs = await source?.get(mirrored('parts'));
  expect(readdirSync(programs ?? '')).toEqual(expect.arrayContaining(['prometheus', 'promtool']));

  body = Buffer.concat([body, Buffer.from('!')]);
  await expect(source?.get(mirrored('others'))).rejects.toThrow('refused');
  expect(readdirSync(join(home, 'others'))).toEqual([]);
});
