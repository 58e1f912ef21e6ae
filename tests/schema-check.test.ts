import { globSync, readFileSync } from 'node:fs';
import { type Files, freeze, problems } from './schemas/rules.ts';
import type { Frozen } from './schemas/surface.ts';

const files: Files = new Map(
  globSync(['avro/*.avsc', 'protobuf/*.proto'], { cwd: 'schemas' }).map((file) => [
    file,
    readFileSync(`schemas/${file}`, 'utf8'),
  ]),
);
const frozen: Frozen = JSON.parse(readFileSync('schemas/frozen.json', 'utf8'));
const avro = 'avro/order.created.v2.avsc';
const proto = 'protobuf/events.v2.proto';

/** What is said once `from` has become `to`; a file by another name is a new version, which is frozen as it is. */
function after(file: string, from: string | RegExp, to: string, as = file): string[] {
  const schema = files.get(file) ?? '';
  expect(schema).not.toBe(schema.replace(from, to));
  const changed = new Map(files).set(as, schema.replace(from, to));
  return problems(changed, as === file ? frozen : freeze(changed, frozen));
}

test('the schemas as they are live together, and each of them is frozen', () => {
  expect(files.size).toBeGreaterThan(15);
  expect(problems(files, frozen)).toEqual([]);
});

test.each([
  [
    'a type',
    avro,
    /"amount_cents",\s*"type": "long"/,
    '"amount_cents", "type": "string"',
    'amount_cents was long, is string',
  ],
  ['a field that is left out', avro, /\{\s*"name": "currency"[^}]*\},/, '', 'currency was string, is gone'],
  [
    'a default',
    avro,
    /("channel"[^}]*)"default": null/s,
    '$1"order": "ignore"',
    'channel was null | string = null, is null | string',
  ],
  [
    'a type within items',
    avro,
    /"quantity",\s*"type": "int"/,
    '"quantity", "type": "long"',
    'items[].quantity was int, is long',
  ],
  [
    'a number',
    proto,
    'string channel = 10',
    'string channel = 11',
    'OrderCreated.channel was optional string = 10, is optional string = 11',
  ],
  ['a name', proto, 'string reason', 'string cause', 'OrderFailed.reason was string = 7, is gone'],
])('a file that shipped is not edited: %s', (_, file, from, to, reason) => {
  expect(after(file, from, to)).toContainEqual(`${file}: ${reason}; put it into a new version`);
});

const later = (file: string) => file.replace('.v2.', '.v3.');

test.each([
  [
    'another type',
    avro,
    /"amount_cents",\s*"type": "long"/,
    '"amount_cents", "type": "string"',
    'amount_cents: long cannot be read as string',
  ],
  // A reader of the former cannot take the larger numbers.
  [
    'a wider type',
    avro,
    /"quantity",\s*"type": "int"/,
    '"quantity", "type": "long"',
    'items[].quantity: long cannot be read as int',
  ],
  [
    'a new field without a default',
    avro,
    '"fields": [',
    '"fields": [{ "name": "region", "type": "string" },',
    'region is missing on one side and has no default',
  ],
  [
    'a field that is gone',
    avro,
    /\{\s*"name": "currency"[^}]*\},/,
    '',
    'currency is missing on one side and has no default',
  ],
  ['another name', avro, '"OrderCreated"', '"OrderMade"', 'OrderCreated'],
  [
    'another type in Protobuf',
    proto,
    'int64 amount_cents',
    'string amount_cents',
    'OrderCreated.amount_cents: was int64, is string',
  ],
  [
    'a number that is used again',
    proto,
    'string channel = 10',
    'string region = 10',
    'OrderCreated.channel: its number 10 is now that of region',
  ],
  [
    'a field that is gone and not reserved',
    proto,
    /optional string channel = 10;/,
    '',
    'OrderCreated.channel is gone; say `reserved 10;`',
  ],
  [
    'a new field that is not optional',
    proto,
    /(string channel = 10;)/,
    '$1 string region = 11;',
    'OrderCreated.region is new and not optional',
  ],
  ['a message that is gone', proto, 'message OrderFailed', 'message OrderLost', 'OrderFailed is gone'],
])('a new version is refused for %s, and the field is named', (_, file, from, to, reason) => {
  const found = after(file, from, to, later(file));
  expect(found.join('\n')).toContain(later(file));
  expect(found.join('\n')).toContain(reason);
});

test.each([
  [
    'an optional field',
    avro,
    '"fields": [',
    '"fields": [{ "name": "region", "type": ["null", "string"], "default": null },',
  ],
  [
    'a field with a default',
    avro,
    '"fields": [',
    '"fields": [{ "name": "region", "type": "string", "default": "" },',
  ],
  ['a field with a default less', avro, /,\s*\{\s*"name": "channel".*?\}/s, ''],
  ['an optional field in Protobuf', proto, /(string channel = 10;)/, '$1 optional string region = 11;'],
  ['a field that is gone, its number reserved', proto, 'optional string channel = 10;', 'reserved 10;'],
  ['another message', proto, 'message Item', 'message OrderLost { string order_id = 1; }\nmessage Item'],
])('a new version may have %s', (_, file, from, to) => {
  expect(after(file, from, to, later(file))).toEqual([]);
});

test('a number that was reserved is not taken again by a later version', () => {
  const third = files.get(proto)?.replace('optional string channel = 10;', 'reserved 10;') ?? '';
  const fourth = third.replace('reserved 10;', 'optional string region = 10;');
  const changed = new Map(files).set(later(proto), third).set('protobuf/events.v4.proto', fourth);
  expect(problems(changed, freeze(changed, frozen))).toContainEqual(
    expect.stringContaining('OrderCreated.region: its number 10 was taken once'),
  );
});

test('what is no schema is named by its file', () => {
  expect(problems(new Map(files).set(avro, '{'), frozen)).toEqual([
    expect.stringContaining(`${avro} is no schema`),
  ]);
});

test('a comment may change, a new file has to be frozen, and none may go', () => {
  expect(after(proto, '// ISO 4217', '// three letters')).toEqual([]);
  expect(problems(new Map(files).set(later(avro), files.get(avro) ?? ''), frozen)).toEqual([
    expect.stringContaining(`${later(avro)} is new; \`make schema-freeze\``),
  ]);
  const fewer = new Map(files);
  fewer.delete(avro);
  expect(problems(fewer, frozen)).toEqual([expect.stringContaining(`${avro} is gone`)]);
});
