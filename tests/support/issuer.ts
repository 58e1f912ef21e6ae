import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import type { AuthSettings } from '../../src/platform/auth.ts';

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

export interface Wishes {
  /** Beside those of a token that may do everything; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** In place of the published one of its kind. */
  readonly key?: KeyObject;
}

export interface TestIssuer extends AsyncDisposable {
  readonly settings: AuthSettings & { readonly keys: URL };
  /** How often the keys were asked for. */
  readonly fetches: number;
  token(wishes?: Wishes): Promise<string>;
  /** The header of a request of `subject`. */
  bearer(subject: string): Promise<{ Authorization: string }>;
  publicKey(algorithm: string): KeyObject;
  /** Publishes new keys in place of the old ones, and signs with them. */
  rotate(): void;
  /** The keys' address answers so from now on; undefined: as it should. */
  answer(how: { status: number; body: string } | undefined): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** An issuer of tokens with a real address for its keys: one each for RSA, P-256 and Ed25519. */
export async function startIssuer(): Promise<TestIssuer> {
  const iss = 'https://issuer.example/';
  const aud = 'https://orders.example';
  let keys = newKeys();
  let fetches = 0;
  let special: { status: number; body: string } | undefined;
  let server = await listen(0);
  const { port } = server.address() as AddressInfo; // a TCP server's address is always an object

  async function listen(at: number): Promise<Server> {
    const listening = createServer((_, response) => {
      fetches += 1;
      response.writeHead(special?.status ?? 200, { 'Content-Type': 'application/json' });
      response.end(special?.body ?? JSON.stringify({ keys: Object.values(keys).map(published) }));
    }).listen(at, '127.0.0.1');
    await once(listening, 'listening');
    return listening;
  }

  async function stop(): Promise<void> {
    server.closeAllConnections();
    if (server.listening) await once(server.close(), 'close');
  }

  async function token({ claims = {}, header = {}, key }: Wishes = {}): Promise<string> {
    const { alg = 'ES256' } = header;
    const { kid, privateKey } = keys[kindOf(String(alg))];
    const given = { iss, aud, sub: 'ada', scope: 'orders:read orders:write', exp: inSeconds(60), ...claims };
    return new SignJWT(given)
      .setProtectedHeader({ kid, ...header, alg: String(alg) })
      .sign(key ?? privateKey);
  }

  return {
    settings: { issuer: iss, audience: aud, keys: new URL(`http://127.0.0.1:${port}/keys`) },
    get fetches() {
      return fetches;
    },
    token,
    bearer: async (sub) => ({ Authorization: `Bearer ${await token({ claims: { sub } })}` }),
    publicKey: (algorithm) => createPublicKey(keys[kindOf(algorithm)].privateKey),
    rotate() {
      keys = newKeys();
    },
    answer(how) {
      special = how;
    },
    stop,
    async start() {
      server = await listen(port);
    },
    [Symbol.asyncDispose]: stop,
  };
}

export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1_000) + seconds;
}

const kindOf = (algorithm: string) =>
  /^[RP]S/.test(algorithm) ? 'rsa' : algorithm === 'ES256' ? 'ec' : 'edwards';

function newKeys(): Readonly<Record<ReturnType<typeof kindOf>, SigningKey>> {
  const named = ({ privateKey }: { privateKey: KeyObject }) => ({ kid: randomUUID(), privateKey });
  return {
    rsa: named(generateKeyPairSync('rsa', { modulusLength: 2_048 })),
    ec: named(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    edwards: named(generateKeyPairSync('ed25519')),
  };
}

function published({ kid, privateKey }: SigningKey) {
  return { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid, use: 'sig' };
}
