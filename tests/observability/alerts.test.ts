import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { prometheusSources } from '../../stack/parts/prometheus-sources.ts';
import { eventually } from '../support/eventually.ts';
import { systemOfFile } from '../support/own-stack.ts';
import type { Running } from '../support/program.ts';
import { describeWith, needsTool } from '../support/tools.ts';
import { type AlertWatch, watchAlerts } from './alert-watch.ts';
import {
  chargeForNobody,
  deleteTopic,
  keepAsking,
  lockTable,
  loseProviderDuringRefund,
  makeTopics,
  place,
  sendBrokenRecords,
  startBridge,
  terminateRun,
} from './breakages.ts';
import { openPrometheus, type Prometheus } from './prometheus.ts';
import { ruleFiles } from './rules.ts';
import { shortenRules } from './shortened-rules.ts';

const alerts = ruleFiles.flatMap((path): string[] =>
  parse(readFileSync(path, 'utf8')).groups.flatMap(({ rules }: { rules: { alert?: string }[] }) =>
    rules.flatMap(({ alert }) => alert ?? []),
  ),
);

/** As they are broken below. */
const labels: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ProcessDown: { role: 'worker', severity: 'page' },
  ConsumerLags: { group: 'tbd-workers', topic: 'order.created', severity: 'page' },
  DeadLettersGrow: { topic: 'order.created', class: 'invalid', severity: 'ticket' },
  BreakerOpen: { name: 'payment', severity: 'page' },
  OrdersStuck: { reason: 'no_run', severity: 'ticket' },
  TasksWait: { task_queue: 'orders', severity: 'ticket' },
};

const env = {
  OBSERVABILITY: '1',
  // In place of 10 min, 10 s, 1 min and 30 s. The door closes later than an old outbox is told, as it does there.
  OUTBOX_MAX_AGE: '20s',
  WATCHDOG_EVERY: '1s',
  WATCHDOG_PATIENCE: '5s',
  CIRCUIT_BREAKER_TIMEOUT: '2s',
  // Room to cancel an order while it is being charged.
  PAYMENT_BUDGET: '4s',
};
// The longest `for` is 10 s, the longest window 30 s.
const firesWithinMs = 60_000;
const quietMs = 10_000;

describeWith('Alerts', await needsTool({ name: 'Prometheus', sources: prometheusSources }), () => {
  const system = systemOfFile({ env });
  const resources = new AsyncDisposableStack();
  let prometheus: Prometheus;
  let watch: AlertWatch;
  const fires = (name: string) => watch.fired(name, firesWithinMs, labels[name]);

  beforeAll(async () => {
    prometheus = openPrometheus(system().addresses.prometheus ?? '');
    // The first ones take longer, and within windows so short that would count.
    for (const id of await place(system(), 6)) await system().api.untilFinal(id);
    await shortenRules(system(), prometheus);
    watch = resources.use(watchAlerts(prometheus));
  }, 60_000);
  afterAll(() => resources.disposeAsync());

  test('while orders complete nothing is told', async () => {
    for (const id of await place(system(), 12)) await system().api.untilFinal(id);
    const completedAt = Date.now();
    await eventually(async () => {
      for (const { lastEvaluation } of await prometheus.groups())
        expect(Date.parse(lastEvaluation)).toBeGreaterThan(completedAt + quietMs);
    }, quietMs + 30_000);
    expect(watch.seen()).toEqual([]);
    const pages = (await prometheus.alerts()).filter(({ labels }) => labels.severity === 'page');
    expect(pages).toEqual([]);
  }, 60_000);

  describe('once something of everything is broken', () => {
    let terminated = '';

    beforeAll(async () => {
      const bridge = startBridge(system()).then((program) => {
        resources.defer(() => program.kill('SIGKILL'));
        return program;
      });
      const first = [sendBrokenRecords(system()), differ(), loseProviderDuringRefund(system())];
      await Promise.all([bridge, ...first]);
      [terminated = ''] = await place(system(), 3);
      await terminateRun(system(), terminated);
      await deleteTopic(system(), 'order.canceled');
      await standStill(await bridge);
    }, 180_000);

    test.each(alerts.filter((name) => name !== 'OrdersSlow'))(
      '%s fires',
      async (name) => {
        await fires(name);
      },
      90_000,
    );

    test('mended, orders that waited are slow, and then all is quiet again', async () => {
      await Promise.all([makeTopics(system()), system().payments.setFaults()]);
      const { status } = await system().api.request(`/v1/admin/orders/${terminated}/retry`, {
        method: 'POST',
      });
      expect(status).toBe(202);
      await fires('OrdersSlow');
      // What the provider's book has too much stays in it; and the last of the orders come up to half a minute later.
      for (const name of alerts.filter((one) => !['SidesDiffer', 'OrdersSlow'].includes(one)))
        await watch.over(name, 90_000);
    }, 240_000);
  });

  async function differ(): Promise<void> {
    await chargeForNobody(system());
    // What is younger than the watchdog's patience is left out of a comparison.
    await eventually(async () => {
      await system().api.request('/v1/admin/reconciliation', { method: 'POST' });
      await watch.fired('SidesDiffer', 8_000);
    }, firesWithinMs);
  }

  /** First the worker, while a bridge goes on starting runs; then that too, while orders come in; then their table. */
  async function standStill(bridge: Running): Promise<void> {
    const { stack, api, runs } = system();
    await stack.kill('worker', 'SIGSTOP');
    try {
      const openRuns = async () => (await runs.list('ExecutionStatus = "Running"')).length;
      const before = await openRuns();
      // Half of them on partitions of the worker's own bridge; a few tasks go to pollers that are out already.
      await place(system(), 60);
      await eventually(async () => expect(await openRuns()).toBeGreaterThan(before + 15), firesWithinMs);
      bridge.kill('SIGSTOP');
      for (const id of await place(system(), 2)) expect((await api.cancel(id)).status).toBe(200);
      using _asking = keepAsking(system());
      await using _lock = await lockTable(system(), 'idempotency_keys');
      await Promise.all(['ProcessDown', 'ConsumerLags', 'ApiSlow'].map(fires));
      // A closed door is the 5xx that burns the budget; a table that is locked for a second is a conflict, 409.
      await Promise.all(['AdmissionClosed', 'ErrorBudgetBurnsFast'].map(fires));
    } finally {
      await stack.kill('worker', 'SIGCONT');
      bridge.kill('SIGKILL');
    }
  }
});
