import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { prometheusSources } from '../../stack/parts/prometheus-sources.ts';
import { createLedger } from '../acceptance/outside/ledger.ts';
import type { System } from '../acceptance/outside/system.ts';
import { root } from '../deploy/compose.ts';
import { eventually } from '../support/eventually.ts';
import { systemOfFile } from '../support/own-stack.ts';
import { describeWith, needsTool } from '../support/tools.ts';
import { boardExpressions } from './boards.ts';
import { type Expression, metricsIn } from './expressions.ts';
import { openPrometheus, type Prometheus } from './prometheus.ts';
import { ruleExpressions, ruleFiles } from './rules.ts';

const atHome = { name: 'Prometheus', sources: prometheusSources };
const scrapedWithinMs = 60_000;

/** Not in a scrape before it was counted once: Temporal's core, unlike prom-client, announces a family with its first sample. */
const onlyAfterAFault: Readonly<Record<string, string>> = {
  temporal_sticky_cache_miss_total: 'takes a run that is open while its worker has no more room for it',
};

describeWith('Prometheus beside the local stack', await needsTool(atHome), (programs) => {
  const system = systemOfFile({ env: { OBSERVABILITY: '1' } });
  let prometheus: Prometheus;

  beforeAll(async () => {
    prometheus = openPrometheus(system().addresses.prometheus ?? '');
    await somethingOfEach(system());
  }, 60_000);

  test('scrapes every process under the name of its kind', async () => {
    await eventually(async () => {
      const targets = await prometheus.targets();
      expect(targets.map(({ health, lastError }) => ({ health, lastError }))).toEqual(
        targets.map(() => ({ health: 'up', lastError: '' })),
      );
      expect(targets.map(({ labels }) => labels.role).toSorted()).toEqual([
        'api',
        'payment',
        'relay',
        'worker',
      ]);
    }, scrapedWithinMs);
  }, 90_000);

  test('has a page for a person, and all that it loads', async () => {
    const page = await fetch(`${system().addresses.prometheus}/graph`);
    const html = await page.text();
    const files = Array.from(
      html.matchAll(/(?:src|href)="([^"]+\.(?:js|css)[^"]*)"/g),
      ([, file = '']) => file,
    );
    expect(files.length).toBeGreaterThan(0);
    for (const file of files)
      expect([file, (await fetch(new URL(file, page.url))).status]).toEqual([file, 200]);
  });

  test('has every rule, and none that fails', async () => {
    await eventually(async () => {
      const rules = await prometheus.rules();
      expect(rules.length).toBe(ruleExpressions().length);
      expect(rules.length).toBeGreaterThan(0);
      expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    }, scrapedWithinMs);
  }, 90_000);

  test('has every metric that boards and rules name', async () => {
    const announced = (await texts(system())).flatMap((text) =>
      Array.from(text.matchAll(/^# TYPE (\S+) /gm), ([, name = '']) => name),
    );
    const recorded = (await prometheus.rules()).map(({ name }) => name);
    const missing = async () => {
      const known = [
        ...(await prometheus.names()),
        ...announced,
        ...recorded,
        ...Object.keys(onlyAfterAFault),
      ];
      return [...boardExpressions(), ...ruleExpressions()].flatMap(({ where, text }) =>
        metricsIn(text).flatMap((name) => (known.includes(name) ? [] : [`${where}: ${name}`])),
      );
    };
    await eventually(async () => expect(await missing()).toEqual([]), scrapedWithinMs);
  }, 90_000);

  test('answers every query of the boards with figures', async () => {
    await eventually(async () => {
      const refused = await Promise.all(boardExpressions().map(problemOf));
      expect(refused.flat()).toEqual([]);
    }, scrapedWithinMs);
  }, 90_000);

  test('understands what every rule asks', async () => {
    for (const { where, text } of ruleExpressions())
      await expect(prometheus.query(text).then(() => where)).resolves.toBe(where);
  });

  test('finds nothing to mend in what a process serves', async () => {
    for (const text of await texts(system())) expect(promtool(['check', 'metrics'], text)).toEqual([]);
  });

  test.each([
    ['its rules', ['check', 'rules', ...ruleFiles]],
    ['its configuration', ['check', 'config', join(root, 'deploy/prometheus/prometheus.yml')]],
    ['the tests of its rules', ['test', 'rules', ...globSync(join(root, 'deploy/prometheus/tests/*.yml'))]],
  ])('finds nothing to mend in %s', (_, words) => {
    expect(promtool(words)).toEqual([]);
  });

  async function problemOf({ where, text }: Expression): Promise<string[]> {
    if (metricsIn(text).some((name) => name in onlyAfterAFault)) return [];
    try {
      return (await prometheus.query(text)).length > 0 ? [] : [`${where}: nothing for ${text}`];
    } catch (error) {
      return [`${where}: ${error}`];
    }
  }

  /** What it has to say against something, line by line; nothing when all is well. */
  function promtool(words: readonly string[], input = ''): string[] {
    const { status, stdout, stderr } = spawnSync(join(programs, 'promtool'), words, {
      encoding: 'utf8',
      input,
    });
    return status === 0 ? [] : `${stdout}${stderr}`.trim().split('\n');
  }
});

/** What the boards count: orders that end in each way, repeats, a dead letter, a run that fails, a transaction. */
async function somethingOfEach({ api, events }: System): Promise<void> {
  const order = { customer_email: 'a@example.com', amount_cents: 500 };
  const key = randomUUID();
  const { id } = await api.accept(order, key);
  await api.accept(order, key);
  const declined = await api.accept({ ...order, merchant_id: 'declined' });
  const canceled = await api.accept(order);
  await api.cancel(canceled.id);
  await events.produce('order.created', [{ key: randomUUID(), value: 'no order' }, announced(randomUUID())]);
  const ledger = createLedger(api);
  const account = await ledger.open();
  const paidIn = await ledger.accept({ account_id: account.id, type: 'CREDIT', amount_cents: 500 });
  await ledger.untilSettled(paidIn.id);
  for (const one of [id, declined.id, canceled.id]) await api.untilFinal(one);
  await events.produce('order.created', [announced(id)]);
}

/** As somebody else might: the event of an order that has its run already, or that nobody knows. */
function announced(orderId: string) {
  const body = { order_id: orderId, amount_cents: 500, currency: 'USD', merchant_id: null, items: [] };
  return { key: orderId, value: JSON.stringify({ ...body, schema_version: 1 }) };
}

function texts({ stack }: System): Promise<string[]> {
  return Promise.all(
    stack
      .processes()
      .flatMap(({ metricsPort }) =>
        metricsPort === undefined
          ? []
          : [fetch(`http://127.0.0.1:${metricsPort}/metrics`).then((answer) => answer.text())],
      ),
  );
}
