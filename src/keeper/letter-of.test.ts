import { letterOf } from './letter-of.ts';

const position = { topic: 'order.dlq', partition: 2, offset: '7' };
const record = (value: string | null, headers: Record<string, string | Buffer> = {}) => ({
  key: Buffer.from('k'),
  value: value === null ? null : Buffer.from(value),
  headers: Object.fromEntries(Object.entries(headers).map(([name, one]) => [name, Buffer.from(one)])),
  timestamp: '1763776800000',
  attributes: 0,
  offset: '7',
});
const explanation = {
  dlq_class: 'schema',
  dlq_reason: 'schema_version 2 is unknown here',
  dlq_group: 'workers',
  dlq_topic: 'order.created',
  dlq_partition: '3',
  dlq_offset: '4711',
  dlq_time: '2026-11-21T10:00:03.000Z',
};

test('a record that was set aside is known by where it came from, and says why', () => {
  const headers = { ...explanation, dlq_attempts: '3', ce_id: 'event-1', traceparent: '00-1', dlq_cut: 'y' };
  expect(letterOf(record('{}', headers), position)).toMatchObject({
    id: 'workers/order.created/3/4711',
    group: 'workers',
    topic: 'order.created',
    partition: 3,
    offset: 4_711,
    class: 'schema',
    reason: 'schema_version 2 is unknown here',
    attempts: 3,
    at: new Date('2026-11-21T10:00:03.000Z'),
    eventId: 'event-1',
    traceparent: '00-1',
    isCut: true,
    lies: { topic: 'order.dlq', partition: 2, offset: 7 },
  });
});

test('a transaction that was given up is exhausted, with its last error', () => {
  const body = { class: 'exhausted', attempts: 5, error: 'numeric overflow' };
  const letter = letterOf(record(JSON.stringify(body), { ce_type: 'transaction.dead' }), position);
  expect(letter).toMatchObject({
    id: '-/order.dlq/2/7',
    group: null,
    class: 'exhausted',
    attempts: 5,
    reason: 'numeric overflow',
    at: new Date(1_763_776_800_000),
  });
});

test.each([
  ['no JSON', record('{'), 'parse'],
  ['nothing', record(null), 'parse'],
  ['something', record('{}'), 'invalid'],
  [
    'a year that Postgres does not have',
    record('{}', { ...explanation, dlq_time: '0000-01-01T00:00:00Z' }),
    'invalid',
  ],
  ['a number that is none', record('{}', { ...explanation, dlq_offset: 'x' }), 'invalid'],
  ['a group that is none', record('{}', { ...explanation, dlq_group: '\0'.repeat(1_000) }), 'invalid'],
])('what somebody else put there is its own origin: %s', (_, message, faultClass) => {
  expect(letterOf(message, position)).toMatchObject({
    id: '-/order.dlq/2/7',
    group: null,
    class: faultClass,
  });
});

test('every header’s bytes are kept, and text beside them is such as Postgres takes', () => {
  const bytes = Buffer.from([0, 255, 128]);
  const headers = { ...explanation, mark: bytes, dlq_reason: 'a\0b', ce_id: 'x'.repeat(256) };
  const letter = letterOf(record('{}', headers), position);
  expect(letter.headers.mark).toEqual([bytes.toString('base64')]);
  expect([letter.reason, letter.eventId]).toEqual(['a\u{fffd}b', null]);
});

test('a time that was not yet, or none at all, is now', () => {
  const before = Date.now();
  const ahead = { ...explanation, dlq_time: new Date(before + 3_600_000).toISOString() };
  const letters = [
    { ...record('{}'), timestamp: '-1' },
    { ...record('{}'), timestamp: '9223372036854775807' },
    record('{}', ahead),
  ].map((message) => letterOf(message, position));
  for (const { at } of letters) {
    expect(at.getTime()).toBeGreaterThanOrEqual(before);
    expect(at.getTime()).toBeLessThanOrEqual(Date.now());
  }
});
