import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createSchemaRegistry, type SchemaRegistry } from './schema-registry.ts';

interface Asked {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** What a client says to a server that gives everybody this answer. */
async function talk<T>(
  { status, answer }: { status: number; answer: string },
  work: (registry: SchemaRegistry) => Promise<T>,
): Promise<{ asked: Asked; outcome: T | Error }> {
  const { promise, resolve } = Promise.withResolvers<Asked>();
  const server = createServer(async (request: IncomingMessage, response) => {
    const { method, url, headers } = request;
    resolve({ line: `${method} ${url}`, authorization: headers.authorization, body: await text(request) });
    response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address is always an object
  try {
    const registry = createSchemaRegistry(new URL(`http://ada:s%20ecret@127.0.0.1:${port}/ccompat/v7/`));
    expect(registry.url).toBe(`http://127.0.0.1:${port}/ccompat/v7`);
    const outcome = await work(registry).catch((error: Error) => error);
    return { asked: await promise, outcome };
  } finally {
    server.close();
  }
}

test('a schema is asked for below the address, with the user that stands in it; without a type it is Avro', async () => {
  const { asked, outcome } = await talk({ status: 200, answer: '{"schema":"\\"string\\""}' }, (registry) =>
    registry.read(7),
  );
  expect(asked).toEqual({
    line: 'GET /ccompat/v7/schemas/ids/7',
    authorization: `Basic ${Buffer.from('ada:s ecret').toString('base64')}`,
    body: '',
  });
  expect(outcome).toEqual({ format: 'avro', schema: '"string"' });
});

test('a schema is registered under its subject, in its format', async () => {
  const { asked, outcome } = await talk({ status: 200, answer: '{"id":7}' }, (registry) =>
    registry.register('a/b', { format: 'protobuf', schema: 'message A {}' }),
  );
  expect(asked).toMatchObject({
    line: 'POST /ccompat/v7/subjects/a%2Fb/versions',
    body: '{"schemaType":"PROTOBUF","schema":"message A {}"}',
  });
  expect(outcome).toBe(7);
});

test.each([
  ['an id that is unknown', { status: 404, answer: '{"error_code":40403,"message":"no"}' }],
  ['a schema in a format of others', { status: 200, answer: '{"schema":"{}","schemaType":"JSON"}' }],
])('no schema: %s', async (_, answer) => {
  expect((await talk(answer, (registry) => registry.read(7))).outcome).toBeUndefined();
});

test.each([
  ['somebody else’s 404', { status: 404, answer: '{"message":"not found"}' }],
  ['a page', { status: 200, answer: '<html>' }],
  ['a page with an error', { status: 502, answer: '<html>' }],
  ['no right', { status: 401, answer: '{"error_code":40101,"message":"who are you"}' }],
  ['an answer of another shape', { status: 200, answer: '{"id":7}' }],
])('an outage, and never a fault of the record that asked: %s', async (_, answer) => {
  const { outcome } = await talk(answer, (registry) => registry.read(7));
  expect(outcome).toBeInstanceOf(Error);
  // A fault of the program's own would be taken for the record's.
  expect(outcome).not.toBeInstanceOf(TypeError);
  expect(String(outcome)).not.toContain('ecret');
});
