import { randomUUID } from 'node:crypto';
import { CompressionTypes } from 'kafkajs';
import { eventually } from '../support/eventually.ts';
import type { EventRecord, Produced } from './outside/events.ts';
import { bridgeGroup, openSystem, type System } from './outside/system.ts';

let system: System;

beforeAll(async () => {
  system = await openSystem(process.env);
});
afterAll(() => system[Symbol.asyncDispose]());

// Ids of their own, in keys and bodies, so that each letter is recognised.
const noKeyId = randomUUID();
const broken: readonly (Produced & { what: string; id: string; class: string; reason: RegExp })[] = [
  { what: 'no JSON', ...keyed('{"order_id":'), class: 'parse', reason: /not JSON/ },
  { what: 'nothing at all', ...keyed(null), class: 'parse', reason: /no value/ },
  { what: 'no key', id: noKeyId, key: null, value: bodyOf(noKeyId), class: 'invalid', reason: /no key/ },
  {
    what: 'a version of tomorrow',
    ...keyed(JSON.stringify({ schema_version: 2 })),
    class: 'schema',
    reason: /schema_version 2/,
  },
  { what: 'another order’s id', ...keyed(bodyOf(randomUUID())), class: 'invalid', reason: /order_id/ },
];

test('records that can never work are set aside with their reason, and the order after them completes', async () => {
  const deadBefore = (await system.events.read('order.dlq')).length;
  // In front of the order in every partition, so that whichever is the order's has them all.
  await system.events.produce(
    'order.created',
    [0, 1, 2, 3, 4, 5].flatMap((partition) =>
      broken.map(({ key, value }) => ({ key, value, partition, headers: { mark: `${partition}` } })),
    ),
  );
  const { id } = await system.api.accept({ customer_email: 'after@example.com', amount_cents: 300 });
  expect((await system.api.untilFinal(id)).status).toBe('completed');
  await eventually(async () => expect(await system.events.lag(bridgeGroup, 'order.created')).toBe(0), 15_000);

  const letters = await system.events.read('order.dlq');
  expect(letters).toHaveLength(deadBefore + broken.length * 6);
  for (const { what, id: own, class: faultClass, reason, ...record } of broken) {
    const found = letters.filter((letter) => isOf(letter, own));
    expect({ what, marks: found.map(({ headers }) => headers.mark).sort() }).toEqual({
      what,
      marks: ['0', '1', '2', '3', '4', '5'],
    });
    for (const { key, value, headers } of found) {
      expect({ key, value }).toEqual({ key: record.key, value: record.value });
      expect(headers).toMatchObject({
        dlq_class: faultClass,
        dlq_reason: expect.stringMatching(reason),
        dlq_topic: 'order.created',
        dlq_group: bridgeGroup,
        dlq_partition: headers.mark,
        dlq_offset: expect.stringMatching(/^\d+$/),
      });
    }
    await expect(system.runs.describe(own)).rejects.toThrow();
  }
});

test('a record that others packed counts as large as it is unpacked, and is refused by the broker', async () => {
  const record = { ...keyed(' '.repeat(20_000_000)), partition: 0 };
  await expect(system.events.produce('order.created', [record], CompressionTypes.GZIP)).rejects.toThrow(
    /large/,
  );
});

function isOf({ key, value }: EventRecord, id: string): boolean {
  return key === null ? (value ?? '').includes(id) : key === id;
}

function keyed(value: string | null): { id: string; key: string; value: string | null } {
  const id = randomUUID();
  return { id, key: id, value };
}

function bodyOf(orderId: string): string {
  return JSON.stringify({
    order_id: orderId,
    amount_cents: 100,
    currency: 'USD',
    merchant_id: null,
    items: [],
    schema_version: 1,
  });
}
