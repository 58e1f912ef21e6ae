import { spawnSync } from 'node:child_process';

test('ends quietly, and says that spans were lost, when no collector takes them', () => {
  const script = `
    import { createLogger } from ${JSON.stringify(import.meta.resolve('./logger.ts'))};
    import { inSpan } from ${JSON.stringify(import.meta.resolve('./telemetry.ts'))};
    import { startTracing } from ${JSON.stringify(import.meta.resolve('./tracing.ts'))};
    // Port 9 is "discard"; nothing listens there.
    const tracing = { endpoint: '127.0.0.1:9', serviceName: 'test', sampler: 'always_on', ratio: 1 };
    await using telemetry = startTracing(tracing);
    telemetry.reportTo(createLogger({ service: 'test', level: 'info' }));
    await inSpan({ name: 'work' }, async () => {});`;
  const env = { ...process.env, NODE_OPTIONS: '' };
  const started = performance.now();
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(JSON.parse(stdout)).toMatchObject({ level: 40, spans: 1, msg: 'spans not exported, they are lost' });
});
