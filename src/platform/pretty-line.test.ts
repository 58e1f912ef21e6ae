import { prettyLine } from './pretty-line.ts';

const line = (fields: Record<string, unknown>) =>
  JSON.stringify({
    name: 'tbd-api',
    service: 'tbd-api',
    hostname: 'h',
    pid: 7,
    level: 30,
    msg: 'order accepted',
    time: '2025-11-22T06:38:11.153Z',
    v: 0,
    ...fields,
  });

test('a line is its time, level, service, message and fields', () => {
  expect(prettyLine(line({ order_id: 'o-1', reason: 'two words', counts: { a: 1 }, none: null }))).toBe(
    '06:38:11.153Z INFO  tbd-api order accepted order_id=o-1 reason="two words" counts={"a":1} none=null',
  );
});

test('an error and its causes stand below', () => {
  const err = { message: 'broken', stack: 'Error: broken\n    at here', cause: { message: 'deeper' } };
  expect(prettyLine(line({ level: 50, err })).split('\n')).toEqual([
    '06:38:11.153Z ERROR tbd-api order accepted',
    '    Error: broken',
    '        at here',
    '    deeper',
  ]);
});

test.each([
  ['a value', line({ text: '\u001b[31mred\u009b2J\u202e\r\nfake' })],
  ['a name', line({ 'a\u001b[2J\nb': 1 })],
  ['a message', line({ msg: 'x\u001b[2J\nfake' })],
  ['a line of somebody else’s', '12:00 \u001b[31mred\u001b[0m'],
  ['a broken line', '{"msg": "\u001b[2J'],
])('%s neither colours nor moves the terminal, nor begins a line', (_, text) => {
  expect(prettyLine(text)).toMatch(/^[^\p{Cc}\p{Cf}]*$/u);
});

test('what is no line of ours stays as it is', () => {
  expect(prettyLine('LOG:  database system is ready')).toBe('LOG:  database system is ready');
  expect(prettyLine('{"a":1}')).toBe('{"a":1}');
});
