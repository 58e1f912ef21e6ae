import { execFile } from 'node:child_process';
import { createConnection } from 'node:net';
import { promisify } from 'node:util';
import pg from 'pg';

/** How to ask a process whether it serves. Plain data, so that it can stand in the table. */
export type Readiness =
  | { kind: 'http'; url: string }
  | { kind: 'postgres'; url: string }
  | { kind: 'kafka'; host: string; port: number }
  | { kind: 'temporal'; address: string; cli: string }
  | { kind: 'redis'; port: number; password: string };

const ANSWER_WITHIN_MS = 2_000;

export async function isReady(ready: Readiness): Promise<boolean> {
  try {
    switch (ready.kind) {
      case 'http':
        return (await fetch(ready.url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })).ok;
      case 'postgres':
        return await answersQuery(ready.url);
      case 'kafka':
        return await answersMetadata(ready.host, ready.port);
      case 'temporal':
        return await knowsNamespace(ready.address, ready.cli);
      case 'redis':
        return await answersPing(ready);
      default:
        return ready satisfies never;
    }
  } catch {
    return false;
  }
}

async function answersQuery(connectionString: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function knowsNamespace(address: string, cli: string): Promise<boolean> {
  const args = [
    'operator',
    'namespace',
    'describe',
    '-n',
    'default',
    '--address',
    address,
    '--disable-config-file',
  ];
  await promisify(execFile)(cli, args, { timeout: 5_000 });
  return true;
}

// Redis loads its data before it answers anything but an error.
async function answersPing({ port, password }: { port: number; password: string }): Promise<boolean> {
  const login = password === '' ? [] : [['AUTH', password]];
  const request = [...login, ['PING']].map(command).join('');
  return ask({ host: '127.0.0.1', port, request }, (answer) => answer.toString().endsWith('+PONG\r\n'));
}

const command = (words: string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

// A bare Metadata request (key 3, version 1, no topics): the broker names itself only once it is unfenced.
// Written out because kafkajs has one importer in this repository, and that is not the stack.
async function answersMetadata(host: string, port: number): Promise<boolean> {
  const request = Buffer.from([0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0, 0]);
  // size, correlation id, then the number of brokers
  return ask({ host, port, request }, (answer) => answer.length >= 12 && answer.readInt32BE(8) > 0);
}

type Question = { host: string; port: number; request: Buffer | string };

async function ask({ host, port, request }: Question, isGood: (answer: Buffer) => boolean): Promise<boolean> {
  const socket = createConnection({ host, port, timeout: ANSWER_WITHIN_MS });
  try {
    return await new Promise<boolean>((resolve, reject) => {
      socket.on('connect', () => socket.write(request));
      socket.on('error', reject);
      socket.on('timeout', () => resolve(false));
      socket.on('close', () => resolve(false));
      socket.on('data', (answer) => resolve(isGood(answer)));
    });
  } finally {
    socket.destroy();
  }
}
