import { randomUUID } from 'node:crypto';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { v5 } from 'uuid';
import { eventually } from '../support/eventually.ts';
import type { Order } from './outside/api.ts';
import type { EventRecord } from './outside/events.ts';
import { inParallel } from './outside/in-parallel.ts';
import type { Movement } from './outside/payments.ts';
import { type Run, workflowIdOf } from './outside/runs.ts';
import { bridgeGroup, openSystem, type System, terminalTopics } from './outside/system.ts';

const count = 200;
// Unique, so that one visibility query finds these runs and no others.
const merchantId = `acceptance-${randomUUID()}`;

let system: System;
let orders: Order[];

beforeAll(async () => {
  system = await openSystem(process.env);
  const accepted = await inParallel({ count, limit: 20 }, (index) =>
    system.api.accept({
      customer_email: `buyer-${index}@example.com`,
      amount_cents: 100 + index,
      merchant_id: merchantId,
    }),
  );
  orders = await inParallel({ count, limit: 10 }, (index) =>
    system.api.untilFinal(accepted[index]?.id ?? '', 60_000),
  );
}, 90_000);

afterAll(() => system[Symbol.asyncDispose]());

describe(`${count} orders posted at once`, () => {
  test('are all different and all completed', () => {
    expect(new Set(orders.map(({ id }) => id)).size).toBe(count);
    expect(new Set(orders.map(({ status }) => status))).toEqual(new Set(['completed']));
    expect(new Set(orders.map(({ payment_state }) => payment_state))).toEqual(new Set(['captured']));
  });

  test('have one workflow each, which completed', async () => {
    const found = await eventually(async () => {
      const runs = await system.runs.list(`MerchantId="${merchantId}"`);
      expect(runs.map(({ status }) => status.name)).toEqual(Array(count).fill('COMPLETED'));
      return runs;
    }, 15_000);
    expect(workflowIds(found)).toEqual(sorted(orders.map(({ id }) => workflowIdOf(id))));
  });

  test('have the median history of 13 events, although many ran at once', async () => {
    const runs = await describeAll();
    expect(median(runs.map(({ historyLength }) => historyLength))).toBe(13);
    expect(mean(runs.map(({ historyLength }) => historyLength))).toBeLessThanOrEqual(13 * 1.1);
  });

  test('have one order.created and one order.processed each, with their fixed event ids, and no other end', async () => {
    const records = await ownRecords('order.created', ...terminalTopics);
    for (const type of ['order.created', 'order.processed']) {
      const ofType = records.filter(({ topic }) => topic === type);
      expect(keysOf(ofType)).toEqual(sorted(orders.map(({ id }) => id)));
      for (const { key, id, headers, value } of ofType) {
        expect(id).toBe(v5(type, key ?? ''));
        expect(headers).toMatchObject({ ce_type: type, ce_subject: key, ce_specversion: '1.0' });
        expect(JSON.parse(value ?? '')).toMatchObject({ order_id: key, merchant_id: merchantId });
      }
    }
    expect(records.filter(({ topic }) => topic === 'order.failed' || topic === 'order.canceled')).toEqual([]);
  });

  test('are captured once each, with their amounts', async () => {
    const amounts = new Map(orders.map(({ id, amount_cents }) => [id, amount_cents]));
    const movements = await ownMovements();
    expect(sorted(movements.map(({ order_id }) => order_id))).toEqual(sorted([...amounts.keys()]));
    for (const { type, order_id, amount_cents } of movements) {
      expect({ type, amount_cents }).toEqual({ type: 'capture', amount_cents: amounts.get(order_id) });
    }
  });
});

test('the same order.created produced five more times starts nothing', async () => {
  const order = orders.at(-1);
  const [record] = (await system.events.read('order.created')).filter(({ key }) => key === order?.id);
  if (order === undefined || record === undefined) throw new Error('the order has no order.created record');
  const before = await system.runs.describe(order.id);

  const { key, value, headers = {} } = record.message;
  await system.events.produce('order.created', Array(5).fill({ key, value, headers }));
  await eventually(async () => expect(await system.events.lag(bridgeGroup, 'order.created')).toBe(0), 20_000);

  const copies = (await system.events.read('order.created')).filter((one) => one.key === order.id);
  expect(copies).toHaveLength(6);
  expect(new Set(copies.map(({ id }) => id)).size).toBe(1);
  expect(await system.runs.describe(order.id)).toEqual(before);
  expect(await system.runs.list(`WorkflowId="${workflowIdOf(order.id)}"`)).toHaveLength(1);
  expect((await ownMovements()).filter(({ order_id }) => order_id === order.id)).toHaveLength(1);
  expect((await ownRecords('order.processed')).filter((one) => one.key === order.id)).toHaveLength(1);
  expect(await system.api.get(order.id)).toEqual(order);
});

function describeAll(): Promise<Run[]> {
  return inParallel({ count, limit: 10 }, (index) => system.runs.describe(orders[index]?.id ?? ''));
}

async function ownRecords(...topics: string[]): Promise<EventRecord[]> {
  const own = new Set(orders.map(({ id }) => id));
  const records = await system.events.read(...topics);
  return records.filter(({ key }) => own.has(key ?? ''));
}

async function ownMovements(): Promise<Movement[]> {
  const own = new Set(orders.map(({ id }) => id));
  return (await system.payments.ledger()).filter(({ order_id }) => own.has(order_id));
}

function workflowIds(runs: readonly WorkflowExecutionInfo[]): string[] {
  return sorted(runs.map(({ workflowId }) => workflowId));
}

function keysOf(records: readonly EventRecord[]): string[] {
  return sorted(records.map(({ key }) => key ?? ''));
}

function sorted(texts: readonly string[]): string[] {
  return [...texts].sort();
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
