import { activityInfo } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Duration } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { bundleWorkflows } from '../../src/activities/bundle.ts';
import type {
  OrderActivities,
  PaymentActivities,
  TransactionActivities,
} from '../../src/activities/index.ts';
import { startTelemetry, type Telemetry } from '../../src/platform/telemetry.ts';
import { temporalPlugin } from '../../src/platform/temporal.ts';
import {
  orderStatusAttribute,
  orderWorkflowId,
  type PostTransactionInput,
  type ProcessOrderInput,
  postTransactionType,
  processOrderType,
  transactionWorkflowId,
  wakeUpdate,
} from '../../src/workflows/contract.ts';
import type { ProcessOrderResult } from '../../src/workflows/process-order.ts';
import { testServerSources } from '../../stack/parts/temporal.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith, needsTool } from '../support/tools.ts';

// temporal.api.enums.v1.IndexedValueType
const keyword = 2;
const taskQueue = 'orders';

export interface TimeSkippingServer extends AsyncDisposable {
  /** Time as the server has it: hours pass in it while seconds do outside. */
  now(): Promise<number>;
  /** Lets that much time pass in it. */
  sleep(time: Duration): Promise<void>;
  /** Starts the run of an order, or of a transaction, and serves it, with the production bundle and plugin, by these activities. */
  serve<T>(id: string, activities: Activities, work: (run: StartedRun) => Promise<T>): Promise<T>;
}

type Activities = (OrderActivities & PaymentActivities) | TransactionActivities;

export interface StartedRun {
  result(): Promise<ProcessOrderResult>;
  cancel(): Promise<unknown>;
  wake(): Promise<unknown>;
  /** Resolves as soon as the run has heard it: until `wake` is answered no time is skipped. */
  startWaking(): Promise<unknown>;
  /** Resolves when the run has asked its activity to end. */
  untilActivityCanceled(): Promise<void>;
  /** As it was shown from the first time on. */
  orderStatuses(): Promise<readonly unknown[]>;
}

const executable =
  process.env.TEMPORAL_TEST_SERVER ||
  (await needsTool({ name: 'Temporal test server', sources: testServerSources }));

/** Tests that share a server; without its program they are skipped, which a run with CI=true does not forgive. */
export function describeRuns(
  title: string,
  tests: (server: () => TimeSkippingServer) => void,
  telemetry?: () => Telemetry,
): void {
  describeWith(title, executable, (path) => {
    let server: TimeSkippingServer;
    beforeAll(async () => {
      server = await startTimeSkippingServer(path, telemetry?.());
    }, 60_000);
    afterAll(() => server[Symbol.asyncDispose]());
    tests(() => server);
  });
}

async function startTimeSkippingServer(
  executable: string,
  telemetry: Telemetry = startTelemetry({ serviceName: 'tbd-test' }),
): Promise<TimeSkippingServer> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'OFF', forward: {} } },
  });
  const plugin = temporalPlugin(telemetry);
  const { code } = await bundleWorkflows();
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: executable } },
    client: { plugins: [plugin] },
  });
  const { nativeConnection: connection, namespace = 'default' } = environment;
  // This server cannot list them, so the product's own command does not work with it.
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: { [orderStatusAttribute.name]: keyword },
  });
  const activitiesOf = new Map<string, Activities>();
  // One for all runs, each with activities of its own: to start and end a worker takes a second and a half.
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { code },
    activities: { default: (...given: unknown[]) => carryOut(activitiesOf, given) },
    plugins: [plugin],
  });
  const running = worker.run();
  // Heard when it is disposed; until then it must not end the process.
  running.catch(() => {});
  return {
    now: () => environment.currentTimeMs(),
    sleep: (time) => environment.sleep(time),
    serve: async (id, activities, work) => {
      const run = runOf(id, activities);
      activitiesOf.set(run.workflowId, activities);
      return work(await startRun(environment.client, run));
    },
    [Symbol.asyncDispose]: async () => {
      worker.shutdown();
      await running;
      await environment.teardown();
      await telemetry[Symbol.asyncDispose]();
    },
  };
}

/** As the run that asks has them: a Temporal worker knows one set for all runs. */
function carryOut(activitiesOf: ReadonlyMap<string, Activities>, given: readonly unknown[]): unknown {
  const { activityType, workflowExecution } = activityInfo();
  const activities = activitiesOf.get(workflowExecution?.workflowId ?? '');
  return Reflect.apply(Reflect.get(activities ?? {}, activityType), undefined, given);
}

interface Run {
  readonly type: string;
  readonly workflowId: string;
  readonly input: ProcessOrderInput | PostTransactionInput;
}

function runOf(id: string, activities: object): Run {
  return 'applyTransaction' in activities
    ? { type: postTransactionType, workflowId: transactionWorkflowId(id), input: { v: 1, transactionId: id } }
    : { type: processOrderType, workflowId: orderWorkflowId(id), input: { v: 1, orderId: id } };
}

async function startRun(client: Client, { type, workflowId, input }: Run): Promise<StartedRun> {
  const handle = await client.workflow.start(type, { workflowId, taskQueue, args: [input] });
  return {
    // The contract names the workflow by its type alone.
    result: async () => (await handle.result()) as ProcessOrderResult,
    cancel: () => handle.cancel(),
    wake: () => handle.executeUpdate(wakeUpdate),
    startWaking: () => handle.startUpdate(wakeUpdate, { waitForStage: 'ACCEPTED' }),
    untilActivityCanceled: () =>
      eventually(async () => {
        const { events } = await handle.fetchHistory();
        if (!events?.some((event) => event.activityTaskCancelRequestedEventAttributes))
          throw new Error(`no activity of ${workflowId} is asked to end`);
      }, 10_000),
    orderStatuses: async () => {
      const { events } = await handle.fetchHistory();
      return (events ?? []).flatMap(({ upsertWorkflowSearchAttributesEventAttributes: changed }) => {
        const payload = changed?.searchAttributes?.indexedFields?.[orderStatusAttribute.name];
        return payload?.data ? [JSON.parse(Buffer.from(payload.data).toString())].flat() : [];
      });
    },
  };
}
