import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

const rsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const edwards = ['EdDSA', 'Ed25519'];
const curves: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};
const leastRsaBits = 2_048;

/** Every signature algorithm that is accepted. None with a shared secret: who can check such a token can also make one. */
export const signatureAlgorithms: readonly string[] = [...rsa, ...Object.values(curves), ...edwards];

/** Those that this key can check; none for a kind of key, or a length, that is not accepted. */
export function algorithmsOf(key: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return modulusLength >= leastRsaBits ? rsa : [];
    case 'ec':
      return [curves[namedCurve] ?? []].flat();
    case 'ed25519':
      return edwards;
    default:
      return [];
  }
}

/**
 * A public key from PEM (SPKI; `\n` may stand for a line's end) or from a JWK as JSON.
 * Throws with what is wrong, and never with the text: it may be a private key.
 */
export function parsePublicKey(text: string): KeyObject {
  const key = isPem(text) ? fromPem(text.replaceAll('\\n', '\n')) : fromJwk(text);
  if (algorithmsOf(key).length === 0)
    throw new Error(`must be RSA of at least ${leastRsaBits} bits, EC on P-256, P-384 or P-521, or Ed25519`);
  return key;
}

const isPem = (text: string): boolean => text.trimStart().startsWith('-----BEGIN ');
const notPublic = 'holds more than a public key; give the public half alone, and replace the key pair';
const unreadable = 'must be a public key as PEM ("-----BEGIN PUBLIC KEY-----") or as a JWK in JSON';

function fromPem(text: string): KeyObject {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw new Error(notPublic);
  // Of the other kinds Node would take some, certificates for one, without looking at their dates.
  if (!text.trimStart().startsWith('-----BEGIN PUBLIC KEY-----')) throw new Error(unreadable);
  return readable(() => createPublicKey(text));
}

function fromJwk(text: string): KeyObject {
  const jwk: unknown = readable(() => JSON.parse(text));
  if (typeof jwk !== 'object' || jwk === null) throw new Error(unreadable);
  if ('d' in jwk || 'k' in jwk) throw new Error(notPublic);
  // Node looks at each member itself and throws where one is not as it must be.
  return readable(() => createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }));
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new Error(unreadable);
  }
}
