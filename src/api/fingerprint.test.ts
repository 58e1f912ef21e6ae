import fc from 'fast-check';
import { fingerprint } from './fingerprint.ts';

const of = (text: string) => fingerprint(JSON.parse(text)).toString('hex');

test('the order of keys, white space and the spelling of numbers and text do not matter', () => {
  const one = '{"a":1,"b":{"c":[1,2],"d":"é"}}';
  const other = '{ "b": {"d": "\\u00e9", "c": [1.0, 2e0]},\n "a": 10e-1 }';
  expect(of(one)).toBe(of(other));
});

test.each([
  ['{"a":1}', '{"a":2}'],
  ['{"a":1}', '{"a":"1"}'],
  ['{"a":1}', '{"b":1}'],
  ['{"a":[1,2]}', '{"a":[2,1]}'],
  ['{"a":null}', '{}'],
  ['{"a":{"b":1}}', '{"a":1,"b":1}'],
  ['{"__proto__":1}', '{}'],
])('%s is another request than %s', (one, other) => {
  expect(of(one)).not.toBe(of(other));
});

test('the same value always has the same fingerprint, whatever the order of its keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      return fingerprint(value).equals(fingerprint(reversed));
    }),
  );
});
