import { spawnSync } from 'node:child_process';

/** What a process that runs these statements writes, line by line. */
function lines(statements: string, level = 'info'): Record<string, unknown>[] {
  const script = `
    import { createLogger } from ${JSON.stringify(import.meta.resolve('./logger.ts'))};
    import { withCorrelation } from ${JSON.stringify(import.meta.resolve('./correlation.ts'))};
    import { extractTrace, inSpan, startTelemetry } from ${JSON.stringify(import.meta.resolve('./telemetry.ts'))};
    startTelemetry({ endpoint: undefined, serviceName: 'tbd-test' });
    const log = createLogger({ service: 'tbd-test', level: ${JSON.stringify(level)} });
    ${statements}`;
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env,
  });
  expect(stderr).toBe('');
  return stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test('a line is one JSON object with its service, its fields and the span it was written in', () => {
  const [outside, inside] = lines(`
    log.info({ order_id: 'o-1', text: 'two\\nlines' }, 'order accepted');
    await inSpan({ name: 'work' }, async () => log.warn({ err: new Error('broken') }, 'failed'));`);
  expect(outside).toMatchObject({
    name: 'tbd-test',
    level: 30,
    msg: 'order accepted',
    order_id: 'o-1',
    text: 'two\nlines',
  });
  expect(outside).not.toHaveProperty('trace_id');
  expect(inside).toMatchObject({
    level: 40,
    err: { message: 'broken' },
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
});

test('a line within what a client asked for names the id by which the client knows it', () => {
  const [, inside] = lines(`
    const parent = withCorrelation(extractTrace({}), 'request-1');
    log.info({}, 'outside');
    await inSpan({ name: 'work', parent }, () => inSpan({ name: 'step' }, async () => log.info({}, 'inside')));`);
  expect(inside).toMatchObject({ msg: 'inside', correlation_id: 'request-1' });
});

test('below the level nothing is written', () => {
  const each = `for (const level of ['debug', 'info', 'warn', 'error']) log[level]({}, level);`;
  expect(lines(each, 'warn').map(({ msg }) => msg)).toEqual(['warn', 'error']);
});
