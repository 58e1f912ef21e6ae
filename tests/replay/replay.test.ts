import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflows } from '../../src/activities/bundle.ts';
import { startTelemetry } from '../../src/platform/telemetry.ts';
import { temporalPlugin } from '../../src/platform/temporal.ts';
import { readHistories, readHistoryTexts } from './histories.ts';

const histories = readHistories();

let telemetry: ReturnType<typeof startTelemetry>;
let code: string;

beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'OFF', forward: {} } },
  });
  telemetry = startTelemetry({ serviceName: 'tbd-replay' });
  code = (await bundleWorkflows()).code;
}, 60_000);
afterAll(() => telemetry[Symbol.asyncDispose]());

test('every way of an order has a recorded history, and it ends as that way does', () => {
  expect(Object.fromEntries(histories.map(({ way, ending }) => [way, ending]))).toEqual({
    'already-final': { end: { status: 'canceled', reason: 'already_final' }, tries: 0 },
    // From before a run heard of it.
    'cancel-requested': { end: { status: 'completed' }, tries: 1 },
    'canceled-captured': { end: { status: 'canceled', reason: 'cancel_requested' }, tries: 1 },
    'canceled-run': { end: 'canceled', tries: 1 },
    'canceled-run-too-late': { end: { status: 'completed' }, tries: 1 },
    'canceled-unknown': { end: { status: 'canceled', reason: 'cancel_requested' }, tries: 1 },
    completed: { end: { status: 'completed' }, tries: 1 },
    declined: { end: { status: 'failed', reason: 'card_declined' }, tries: 1 },
    'failed-refunded': { end: { status: 'failed', reason: 'the shop has closed' }, tries: 1 },
    'gave-up-captured': { end: { status: 'completed' }, tries: 2 },
    'gave-up-none': { end: { status: 'failed', reason: 'payment_unavailable' }, tries: 2 },
    'order-not-found': { end: 'OrderNotFound', tries: 0 },
    'refund-retried': { end: { status: 'canceled', reason: 'cancel_requested' }, tries: 2 },
    'retried-charge': { end: { status: 'completed' }, tries: 2 },
    'transaction-dead': { end: { status: 'FAILED', reason: 'processing_failed' }, tries: 0 },
    'transaction-failed': { end: { status: 'FAILED', reason: 'insufficient_funds' }, tries: 0 },
    'transaction-not-found': { end: 'TransactionNotFound', tries: 0 },
    'transaction-processed': { end: { status: 'PROCESSED' }, tries: 0 },
    'transaction-settled': { end: { status: 'PROCESSED', reason: 'already_settled' }, tries: 0 },
    'woken-in-vain': { end: { status: 'completed' }, tries: 1 },
  });
});

test.each(histories)('today’s workflow takes the recorded way: $way', async ({ history, workflowId }) => {
  await replay(code, history, workflowId);
});

test.each(histories)('an incompatible workflow is caught: $way', async ({ history, workflowId }) => {
  const { code: incompatible } = await incompatibleBundle();
  await expect(replay(incompatible, history, workflowId)).rejects.toBeInstanceOf(DeterminismViolationError);
});

describe('a recorded history', () => {
  test('carries the headers of the production plugin', () => {
    for (const { text } of readHistoryTexts()) expect(text).toContain('"_tracer-data"');
  });

  test('holds nothing of the machine that recorded it, and nothing personal', () => {
    for (const { way, text } of readHistoryTexts()) {
      const readable = text.replace(/"data": "([^"]*)"/g, (_, data) =>
        Buffer.from(data, 'base64').toString(),
      );
      const identities = new Set(readable.match(/"identity": "[^"]*"/g));
      expect({ way, identities }).toEqual({ way, identities: new Set(['"identity": "worker"']) });
      expect(readable).not.toMatch(/\w@\w/);
      expect(readable).not.toMatch(/(file:\/\/|[(\s])\/\w/);
    }
  });
});

function replay(bundle: string, history: unknown, workflowId: string): Promise<void> {
  const plugins = [temporalPlugin(telemetry)];
  return Worker.runReplayHistory({ workflowBundle: { code: bundle }, plugins }, history, workflowId);
}

let incompatible: ReturnType<typeof bundleWorkflowCode> | undefined;

function incompatibleBundle() {
  incompatible ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./incompatible-workflow.ts', import.meta.url)),
    plugins: [temporalPlugin(telemetry)],
    logger: new DefaultLogger('ERROR'),
  });
  return incompatible;
}
