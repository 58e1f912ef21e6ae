import { spawnSync } from 'node:child_process';
import { readConfig } from './config.ts';

/** What a process that runs these statements writes. */
function run(statements: string, settings: Record<string, string> = {}): string {
  const env = { ...process.env, ...settings, NODE_OPTIONS: '' };
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', statements],
    { encoding: 'utf8', env },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

const at = (path: string): string => JSON.stringify(import.meta.resolve(path));

/** Packages, and modules of Node's own, that are loaded once these files are. */
const loadedWith = (paths: readonly string[]): string[] =>
  JSON.parse(
    run(`
      import { createRequire } from 'node:module';
      for (const path of [${paths.map(at)}]) await import(path);
      const files = Object.keys(createRequire(${at('./tracing.ts')}).cache);
      const packages = files.map((file) => /.*node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(file)?.[1]);
      const own = process.moduleLoadList.map((entry) => entry.replace('NativeModule ', ''));
      process.stdout.write(JSON.stringify([...new Set([...packages, ...own])]));`),
  );

test('OTEL_SDK_DISABLED is the same as no endpoint', () => {
  const read = (text: string) =>
    readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'a:4317', OTEL_SDK_DISABLED: text });
  expect(read('true').OTEL_EXPORTER_OTLP_ENDPOINT).toBeUndefined();
  expect(read('false').OTEL_EXPORTER_OTLP_ENDPOINT).toBe('a:4317');
});

test('what is loaded before the instrumentations is none of what they instrument', () => {
  const loaded = loadedWith(['./config.ts']);
  expect(loaded).toContain('@temporalio/common');
  for (const name of ['koa', 'pg', 'http', 'https', '_http_server']) expect(loaded).not.toContain(name);
});

test('without an endpoint nothing is loaded that records, instruments or exports', () => {
  const everything = ['./telemetry.ts', './temporal.ts', '../api/server.ts', '../consumers/bridges.ts'];
  const more = ['../run-roles.ts', '../activities/worker.ts', '../payment/server.ts', '../keeper/keeper.ts'];
  const loaded = loadedWith([
    ...everything,
    ...more,
    '../notifier/notifier.ts',
    '../consumers/outbox-relay.ts',
  ]);
  expect(loaded).toEqual(expect.arrayContaining(['koa', 'pg', '@opentelemetry/sdk-trace-node']));
  expect(
    loaded.filter((name) =>
      /opentelemetry\/(sdk-node|instrumentation|exporter|otlp)|in-the-middle/.test(name),
    ),
  ).toEqual([]);
}, 60_000);

test('ends quietly, and says that spans were lost, when no collector takes them', () => {
  const line = run(`
    import { createLogger } from ${at('./logger.ts')};
    import { inSpan } from ${at('./telemetry.ts')};
    import { startTracing } from ${at('./tracing.ts')};
    // Port 9 is "discard"; nothing listens there.
    const tracing = { endpoint: '127.0.0.1:9', serviceName: 'test', sampler: 'always_on', ratio: 1 };
    await using telemetry = startTracing(tracing);
    telemetry.reportTo(createLogger({ service: 'test', level: 'info' }));
    await inSpan({ name: 'work' }, async () => {});`);
  expect(JSON.parse(line)).toMatchObject({
    level: 40,
    spans: 1,
    msg: 'spans not exported, they are lost',
  });
}, 60_000);

const tracingTo = (port: number): string =>
  JSON.stringify({ endpoint: `127.0.0.1:${port}`, serviceName: 'test', sampler: 'always_on', ratio: 1 });

test('the line about lost spans is in no trace', () => {
  const line = run(`
    import { createLogger } from ${at('./logger.ts')};
    import { inSpan } from ${at('./telemetry.ts')};
    import { startTracing } from ${at('./tracing.ts')};
    await using telemetry = startTracing(${tracingTo(9)});
    telemetry.reportTo(createLogger({ service: 'test', level: 'info' }));
    await inSpan({ name: 'request' }, async () => {
      await inSpan({ name: 'step' }, async () => {});
      await telemetry.spanProcessor.forceFlush();
    });`);
  expect(JSON.parse(line)).toMatchObject({ msg: 'spans not exported, they are lost' });
  expect(JSON.parse(line)).not.toHaveProperty('trace_id');
}, 60_000);

test('a trace travels in W3C’s header, whatever OTEL_PROPAGATORS says', () => {
  const carrier = run(
    `
    import { inSpan, injectTrace } from ${at('./telemetry.ts')};
    import { startTracing } from ${at('./tracing.ts')};
    await using telemetry = startTracing(${tracingTo(9)});
    await inSpan({ name: 'work' }, async () => process.stdout.write(JSON.stringify(injectTrace())));`,
    { OTEL_PROPAGATORS: 'b3' },
  );
  expect(Object.keys(JSON.parse(carrier))).toEqual(['traceparent']);
}, 60_000);

test('a collector that hangs holds a drain up for seconds only', () => {
  const seconds = run(`
    import { createServer } from 'node:net';
    import { inSpan } from ${at('./telemetry.ts')};
    import { startTracing } from ${at('./tracing.ts')};
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const endpoint = 'http://127.0.0.1:' + server.address().port;
    const telemetry = startTracing({ endpoint, serviceName: 'test', sampler: 'always_on', ratio: 1 });
    await inSpan({ name: 'work' }, async () => {});
    const began = performance.now();
    await telemetry[Symbol.asyncDispose]();
    process.stdout.write(String((performance.now() - began) / 1_000));
    process.exit();`);
  expect(Number(seconds)).toBeLessThan(8);
}, 60_000);

test('what machines ask all day leaves no span by its whole address either', () => {
  const spans = run(`
    import { startTracing } from ${at('./tracing.ts')};
    await using telemetry = startTracing(${tracingTo(9)});
    const { createServer, request } = await import('node:http');
    const { trace } = await import('@opentelemetry/api');
    const server = createServer((_, response) => response.end(trace.getActiveSpan() ? 'a span ' : 'none '));
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    for (const path of ['/metrics', 'http://some.proxy/metrics?x', 'http://some.proxy/other']) {
      const { promise, resolve } = Promise.withResolvers();
      request({ port: server.address().port, path }, resolve).end();
      for await (const chunk of await promise) process.stdout.write(chunk);
    }
    server.close();`);
  expect(spans).toBe('none none a span ');
}, 60_000);
