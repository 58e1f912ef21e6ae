import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiDocumentText } from '../../src/api/openapi/document.ts';
import { describeWith, needsTool } from '../support/tools.ts';
import { breakingChanges, oasdiff } from './oasdiff.ts';

// biome-ignore lint/suspicious/noExplicitAny: the document is edited as the JSON that it is
type Json = any;

const text = apiDocumentText();
const tool = await needsTool(oasdiff);

/** The document after `change`, as text. */
function after(change: (document: Json) => void): string {
  const document: Json = JSON.parse(text);
  change(document);
  expect(JSON.stringify(document)).not.toBe(JSON.stringify(JSON.parse(text)));
  return JSON.stringify(document);
}

const without = (list: unknown[], value: unknown) => list.splice(list.indexOf(value), 1);

const refused: readonly [string, (document: Json) => void, string][] = [
  [
    'a field of a response that is gone',
    ({ components: { schemas } }) => {
      delete schemas.Order.properties.trace_id;
      without(schemas.Order.required, 'trace_id');
    },
    'GET /v1/orders/{id} removed the required property `trace_id`',
  ],
  [
    'a field of a response that may be missing',
    ({ components: { schemas } }) => without(schemas.Order.required, 'amount_cents'),
    'GET /v1/orders/{id} the response property `amount_cents` became optional',
  ],
  [
    'a field of a request that is required now',
    ({ components: { schemas } }) => {
      schemas.NewOrder.properties.phone = { type: 'string' };
      schemas.NewOrder.required.push('phone');
    },
    'POST /v1/orders added the new required request property `phone`',
  ],
  [
    'a narrower bound on a request',
    ({ components: { schemas } }) => {
      schemas.NewOrder.properties.merchant_id.maxLength = 100;
    },
    'POST /v1/orders the `merchant_id` request property',
  ],
  [
    'an operation that is gone',
    ({ paths }) => delete paths['/v1/orders/{id}/cancel'].post,
    'POST /v1/orders/{id}/cancel',
  ],
  ['an address that is gone', ({ paths }) => delete paths['/v1/orders/{id}'], 'GET /v1/orders/{id}'],
  [
    'fewer values for a parameter',
    ({ paths }) => {
      const [status] = paths['/v1/orders'].get.parameters.filter(({ name }: Json) => name === 'status');
      without(status.schema.enum, 'failed');
    },
    'GET /v1/orders removed the enum value `failed`',
  ],
  [
    'fewer values in a response',
    ({ components: { schemas } }) => without(schemas.Order.properties.payment_state.enum, 'refunded'),
    'GET /v1/orders/{id} removed the `refunded` enum value',
  ],
];

const accepted: readonly [string, (document: Json) => void][] = [
  [
    'a field that a request may have',
    ({ components: { schemas } }) => {
      schemas.NewOrder.properties.note = { type: 'string' };
    },
  ],
  [
    'one more field in a response',
    ({ components: { schemas } }) => {
      schemas.Order.properties.note = { type: 'string' };
      schemas.Order.required.push('note');
    },
  ],
  [
    'one more operation',
    ({ paths }) => {
      paths['/v1/orders/{id}/notes'] = { get: { ...paths['/v1/orders/{id}'].get, operationId: 'getNotes' } };
    },
  ],
  [
    'one more code of a problem',
    ({ components: { schemas } }) => schemas.Problem.properties.code['x-extensible-enum'].push('new_problem'),
  ],
  [
    'other words',
    ({ paths }) => {
      paths['/v1/orders'].post.summary = 'Order something';
    },
  ],
];

describeWith('against the committed document', tool, (path) => {
  test.each(refused)('%s breaks clients, and is named', async (_, change, named) => {
    const broken = await breakingChanges(path, text, after(change));
    expect(broken).toContainEqual(expect.stringContaining(named));
  });

  test.each(accepted)('%s breaks nobody', async (_, change) => {
    expect(await breakingChanges(path, text, after(change))).toEqual([]);
  });

  test('`make openapi` leaves the document as it is when clients would break, unless that is meant', () => {
    // Committed was an operation that today's code does not have.
    const before = after(({ paths }) => {
      paths['/v1/gone'] = { get: { ...paths['/v1/orders'].get, operationId: 'gone' } };
    });
    const refusal = write(before);
    expect(refusal).toMatchObject({ status: 1, kept: before });
    expect(refusal.stderr).toMatch(/GET \/v1\/gone.*make openapi BREAKING_OK=true/s);
    expect(write(before, { BREAKING_OK: 'true' })).toMatchObject({ status: 0, kept: text });
  });

  test('`make openapi` writes what breaks nobody', () => {
    const before = after(({ paths }) => delete paths['/v1/orders/{id}/cancel']);
    expect(write(before)).toMatchObject({ status: 0, kept: text });
  });
});

function write(before: string, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'openapi-'));
  const file = join(folder, 'openapi.json');
  writeFileSync(file, before);
  const { status, stderr } = spawnSync(process.execPath, ['tests/openapi/write.ts', file], {
    encoding: 'utf8',
    env: { ...process.env, BREAKING_OK: '', NODE_OPTIONS: '', ...env },
  });
  const kept = readFileSync(file, 'utf8');
  rmSync(folder, { recursive: true });
  return { status, stderr, kept };
}
