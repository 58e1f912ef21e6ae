import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually.ts';
import { workflowIdOf } from './outside/runs.ts';
import { openSystem, type System } from './outside/system.ts';

const merchantId = `shop-${randomUUID()}`;
const items = [
  { product_id: 'tea', quantity: 2, unit_price_cents: 900 },
  { product_id: 'cup', quantity: 1, unit_price_cents: 2_400 },
];

let system: System;
let orderId: string;

beforeAll(async () => {
  system = await openSystem(process.env);
  const answer = await system.api.post({
    customer_email: 'buyer@example.com',
    currency: 'EUR',
    merchant_id: merchantId,
    items,
  });
  orderId = JSON.parse(answer.text).id;
  await system.api.untilFinal(orderId);
  await eventually(async () => {
    expect(await system.runs.list(`MerchantId="${merchantId}" and ExecutionStatus="Completed"`)).toHaveLength(
      1,
    );
  }, 15_000);
});
afterAll(() => system[Symbol.asyncDispose]());

test('a run says what it is about, with nothing personal in it', async () => {
  const { summary, searchAttributes } = await system.runs.describe(orderId);
  expect(summary).toBe(`order ${orderId.slice(0, 8)}… · 2 items · 42.00 EUR`);
  expect(searchAttributes).toMatchObject({ MerchantId: merchantId });
  // Absent means normal: each change of it would cost an event.
  expect(searchAttributes).not.toHaveProperty('OrderStatus');
});

test('`temporal workflow list` finds the runs of a merchant', async () => {
  const listed = JSON.parse(await temporal('list', '--query', `MerchantId="${merchantId}"`, '-o', 'json'));
  expect(listed).toEqual([
    expect.objectContaining({
      execution: expect.objectContaining({ workflowId: workflowIdOf(orderId) }),
      type: { name: 'processOrder' },
      status: 'WORKFLOW_EXECUTION_STATUS_COMPLETED',
    }),
  ]);
});

test('`temporal workflow show` tells an order’s way step by step', async () => {
  const shown = JSON.parse(await temporal('show', '--workflow-id', workflowIdOf(orderId), '-o', 'json'));
  const types = shown.events.map(({ eventType }: { eventType: string }) =>
    eventType.replace('EVENT_TYPE_', '').toLowerCase(),
  );
  expect(types).toEqual([
    'workflow_execution_started',
    'workflow_task_scheduled',
    'workflow_task_started',
    'workflow_task_completed',
    'marker_recorded',
    'activity_task_scheduled',
    'activity_task_started',
    'activity_task_completed',
    'workflow_task_scheduled',
    'workflow_task_started',
    'workflow_task_completed',
    'marker_recorded',
    'workflow_execution_completed',
  ]);
});

test('the Web UI is there and lists the run', async () => {
  const { temporalUi } = system.addresses;
  const page = await fetch(temporalUi);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');

  const query = encodeURIComponent(`MerchantId="${merchantId}"`);
  const response = await fetch(`${temporalUi}/api/v1/namespaces/default/workflows?query=${query}`);
  expect(await response.json()).toMatchObject({
    executions: [{ execution: { workflowId: workflowIdOf(orderId) } }],
  });
});

async function temporal(...args: string[]): Promise<string> {
  const { temporalCli, temporal: address } = system.addresses;
  if (temporalCli === undefined) throw new Error('TEMPORAL_CLI is not set; the stack exports where it is.');
  const given = ['workflow', ...args, '--address', address, '--disable-config-file'];
  const { stdout } = await promisify(execFile)(temporalCli, given, { timeout: 15_000 });
  return stdout;
}
