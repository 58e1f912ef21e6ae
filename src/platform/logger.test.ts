import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

/** A program that runs these statements. */
function program(statements: string, level = 'info'): string[] {
  const script = `
    import { createLogger } from ${JSON.stringify(import.meta.resolve('./logger.ts'))};
    import { withCorrelation, withRequest } from ${JSON.stringify(import.meta.resolve('./correlation.ts'))};
    import { extractTrace, inSpan, startTelemetry } from ${JSON.stringify(import.meta.resolve('./telemetry.ts'))};
    startTelemetry({ serviceName: 'tbd-test' });
    const log = createLogger({ service: 'tbd-test', level: ${JSON.stringify(level)} });
    ${statements}`;
  return [process.execPath, '--input-type=module', '--eval', script];
}

function output([command = '', ...args]: string[], more: Record<string, string> = {}): string {
  const env = { ...process.env, NODE_OPTIONS: '', ...more };
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env });
  expect(stderr).toBe('');
  return stdout;
}

/** What it writes, line by line. */
function lines(statements: string, level?: string): Record<string, unknown>[] {
  const stdout = output(program(statements, level));
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
    service: 'tbd-test',
    level: 30,
    v: 0,
    time: expect.stringMatching(/^\d{4}-.*Z$/),
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

test('a line within what a client asked for names its request, in the api and far away', () => {
  const [outside, far, answering] = lines(`
    const step = () => inSpan({ name: 'step' }, async () => log.info({}, 'inside'));
    log.info({}, 'outside');
    await inSpan({ name: 'run', parent: withCorrelation(extractTrace({}), 'request-1') }, step);
    await inSpan({ name: 'request', parent: withRequest(extractTrace({}), 'request-2') }, step);`);
  expect(outside).not.toHaveProperty('request_id');
  expect(far).toMatchObject({ msg: 'inside', request_id: 'request-1' });
  expect(answering).toMatchObject({ msg: 'inside', request_id: 'request-2' });
});

test('what an error or a field carries of customers and secrets is not written', () => {
  const output = JSON.stringify(
    lines(`
    const cause = Object.assign(new Error('of ada@example.com'), { detail: '(ada@example.com)' });
    log.error({ err: new Error('postgres://u:hunter2@db failed', { cause }), password: 'hunter2' }, 'failed');`),
  );
  expect(output).toContain('db failed');
  expect(output).toContain('of [e-mail]');
  expect(output).not.toMatch(/ada@|example\.com|hunter2/);
});

test('below the level nothing is written', () => {
  const each = `for (const level of ['debug', 'info', 'warn', 'error']) log[level]({}, level);`;
  expect(lines(each, 'warn').map(({ msg }) => msg)).toEqual(['warn', 'error']);
});

// Python has a terminal to run it on.
const onTerminal = spawnSync('python3', ['--version']).status === 0 ? test : test.skip;

onTerminal('on a terminal a line is for people, coloured unless NO_COLOR is set', () => {
  const shown = (env: Record<string, string>) =>
    output(
      [
        'python3',
        '-c',
        'import pty, sys; pty.spawn(sys.argv[1:])',
        ...program(`log.info({ order_id: 'o-1' }, 'order accepted');`),
      ],
      env,
    );
  const plain = /^\d\d:\d\d:\d\d\.\d{3}Z INFO {2}tbd-test order accepted order_id=o-1\r?\n$/;
  expect(shown({ NO_COLOR: '1' })).toMatch(plain);
  const coloured = shown({ NO_COLOR: '', TERM: 'xterm-256color', FORCE_COLOR: '' });
  expect(coloured).toContain('\u001b[');
  expect(stripVTControlCharacters(coloured)).toMatch(plain);
});

test('a log that nobody can write any more neither ends nor holds up its process', () => {
  const script = `
    import { live } from ${JSON.stringify(import.meta.resolve('./lifecycle.ts'))};
    import { createLogger } from ${JSON.stringify(import.meta.resolve('./logger.ts'))};
    const log = createLogger({ service: 'tbd-test', level: 'info' });
    await live(
      async () => {
        log.info({}, 'lost');
        setInterval(() => process.kill(process.pid, 'SIGTERM'), 500);
      },
      { log, graceMs: 1_000 },
    );`;
  // Always full. A process that only tells of its errors hears no signal but this one.
  const full = openSync('/dev/full', 'w');
  const { status, signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  closeSync(full);
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
}, 30_000);
