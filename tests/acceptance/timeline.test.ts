import { z } from 'zod';
import { eventually } from '../support/eventually.ts';
import { openSystem, type System } from './outside/system.ts';

const timelineSchema = z.looseObject({
  order_id: z.uuid(),
  items: z.array(
    z.looseObject({
      version: z.int(),
      step: z.string(),
      at: z.iso.datetime(),
      detail: z.record(z.string(), z.unknown()),
    }),
  ),
  last_failed_attempt: z
    .looseObject({
      step: z.string(),
      attempt: z.int(),
      error: z.string(),
      next_attempt_at: z.iso.datetime().nullable(),
    })
    .nullable(),
});

const newOrder = { customer_email: 'buyer@example.com', amount_cents: 1_999 };

let system: System;

beforeAll(async () => {
  system = await openSystem(process.env);
});
afterAll(() => system[Symbol.asyncDispose]());

async function timelineOf(id: string) {
  const answer = await system.api.request(`/v1/orders/${id}/timeline`);
  expect(answer.status).toBe(200);
  return timelineSchema.parse(JSON.parse(answer.text));
}

test('the timeline of a completed order leads to its event, its record, its run and its payment', async () => {
  const { id, trace_id } = await system.api.accept(newOrder);
  await system.api.untilFinal(id);
  const { items, last_failed_attempt } = await timelineOf(id);
  expect(last_failed_attempt).toBeNull();
  const [charge] = await system.payments.chargesOf(id);
  const run = await system.runs.describe(id);
  expect(items).toMatchObject([
    { version: 1, step: 'accepted', detail: { trace_id, event: { type: 'order.created' } } },
    {
      version: 2,
      step: 'begun',
      detail: {
        workflow_id: run.workflowId,
        run_id: run.runId,
        record: { topic: 'order.created', partition: expect.any(Number), offset: expect.any(String) },
      },
    },
    { version: 3, step: 'completed', detail: { payment_id: charge?.id, event: { type: 'order.processed' } } },
  ]);
  const { record } = items[1]?.detail ?? {};
  const records = await system.events.read('order.created');
  const { topic, partition, offset } = records.find(({ key }) => key === id) ?? {};
  expect(record).toEqual({ topic, partition, offset });
});

test('while the provider is away it shows the attempt, its error and when the next one comes', async () => {
  await system.payments.setFaults({ outage: true });
  try {
    const { id } = await system.api.accept(newOrder);
    const failed = await eventually(async () => {
      const { last_failed_attempt } = await timelineOf(id);
      if ((last_failed_attempt?.attempt ?? 0) < 2) throw new Error('no second attempt failed yet');
      return last_failed_attempt;
    }, 20_000);
    expect(failed).toMatchObject({ step: 'charge', error: expect.stringContaining('payment service') });
    expect(Date.parse(failed?.next_attempt_at ?? '')).toBeGreaterThan(Date.now() - 1_000);
    expect(await system.api.get(id)).toMatchObject({ status: 'processing', payment_state: 'unknown' });
    await system.payments.setFaults();
    expect(await system.api.untilFinal(id, 90_000)).toMatchObject({
      status: 'completed',
      payment_state: 'captured',
    });
    const { items, last_failed_attempt } = await timelineOf(id);
    expect(items.map(({ step }) => step)).toEqual(['accepted', 'begun', 'payment_unknown', 'completed']);
    expect(last_failed_attempt).toMatchObject({ next_attempt_at: null });
  } finally {
    await system.payments.setFaults();
  }
}, 120_000);
