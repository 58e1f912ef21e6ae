import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { algorithmsOf, parsePublicKey, signatureAlgorithms } from './public-key.ts';

const pairs = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  ed25519: generateKeyPairSync('ed25519'),
};
const pem = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }).toString();
const jwk = (key: KeyObject) => JSON.stringify(key.export({ format: 'jwk' }));

test.each([
  ['rsa', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['P-256', ['ES256']],
  ['P-384', ['ES384']],
  ['P-521', ['ES512']],
  ['ed25519', ['EdDSA', 'Ed25519']],
] as const)(
  'a key of %s is read from PEM and from a JWK, and checks its own algorithms',
  (kind, algorithms) => {
    const { publicKey } = pairs[kind];
    const onOneLine = pem(publicKey).replaceAll('\n', '\\n');
    for (const text of [pem(publicKey), `\n${pem(publicKey)}`, onOneLine, jwk(publicKey)]) {
      expect(parsePublicKey(text).equals(publicKey)).toBe(true);
      expect(algorithmsOf(parsePublicKey(text))).toEqual(algorithms);
    }
  },
);

test('no accepted algorithm has a shared secret', () => {
  expect(signatureAlgorithms).toHaveLength(11);
  expect(signatureAlgorithms.filter((name) => !/^(RS|PS|ES)(256|384|512)$|^Ed/.test(name))).toEqual([]);
});

const asPem = /must be a public key as PEM/;
const kinds = /must be RSA of at least 2048 bits/;
const halves = /holds more than a public key/;
const { privateKey } = pairs['P-256'];
const pkcs1 = { format: 'pem', type: 'pkcs1' } as const;

test.each([
  ['words', 'secret', asPem],
  ['JSON that is no object', '"secret"', asPem],
  ['null', 'null', asPem],
  ['an empty JWK', '{}', asPem],
  ['a JWK with a point that is not on its curve', '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}', asPem],
  ['a PEM with nothing in it', '-----BEGIN PUBLIC KEY-----\nsecret\n-----END PUBLIC KEY-----', asPem],
  ['a certificate', '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----', asPem],
  ['PKCS #1', createPublicKey(pairs.rsa.privateKey).export(pkcs1).toString(), asPem],
  ['a private PEM', privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), halves],
  ['a private RSA PEM', pairs.rsa.privateKey.export(pkcs1).toString(), halves],
  ['a private JWK', jwk(privateKey), halves],
  ['a shared secret', '{"kty":"oct","k":"c2VjcmV0"}', halves],
  ['RSA of 1024 bits', pem(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey), kinds],
  ['a curve of other uses', pem(generateKeyPairSync('x25519').publicKey), kinds],
  ['secp256k1', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey), kinds],
])('%s is refused, and not repeated', (_, text, reason) => {
  expect(() => parsePublicKey(text)).toThrow(reason);
  expect(() => parsePublicKey(text)).not.toThrow(text.slice(0, 40));
});
