import type { Order } from '../acceptance/outside/api.ts';
import type { EventRecord } from '../acceptance/outside/events.ts';
import { inParallel } from '../acceptance/outside/in-parallel.ts';
import type { Movement } from '../acceptance/outside/payments.ts';
import { bridgeGroup, type System, terminalTopics } from '../acceptance/outside/system.ts';
import type { Journal } from './journal.ts';

export interface RunSeen {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  /** What a closed run returned. */
  readonly result: unknown;
}

/** Everything that can be known of a system from outside: its API, its topics, Temporal, and the provider's book. */
export interface Evidence {
  readonly journal: Journal;
  readonly orders: readonly Pick<Order, 'id' | 'customer_email' | 'amount_cents' | 'status'>[];
  readonly records: readonly Pick<EventRecord, 'topic' | 'key' | 'id' | 'value'>[];
  readonly movements: readonly Pick<Movement, 'type' | 'order_id' | 'amount_cents'>[];
  readonly runs: readonly RunSeen[];
  /** Rows in the outbox, records before the bridge, records set aside. */
  readonly left: { readonly unsent: number; readonly lag: number; readonly deadLetters: number };
}

export type Gather = (system: System) => Promise<Evidence>;

export function evidenceOf(journal: Journal): Gather {
  // A closed run's result never changes.
  const results = new Map<string, unknown>();
  return async (system) => {
    const records = await system.events.read('order.created', ...terminalTopics, 'order.dlq');
    return {
      journal,
      orders: await allOrders(system),
      records: records.filter(({ topic }) => topic !== 'order.dlq'),
      movements: await system.payments.ledger(),
      runs: await allRuns(system, results),
      left: {
        unsent: await unsentRows(system),
        lag: await system.events.lag(bridgeGroup, 'order.created'),
        deadLetters: records.filter(({ topic }) => topic === 'order.dlq').length,
      },
    };
  };
}

async function allOrders({ api }: System): Promise<Order[]> {
  const orders: Order[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await api.list({ limit: '100', ...(cursor === undefined ? {} : { cursor }) });
    orders.push(...page.items);
    cursor = page.next;
  }
  return orders;
}

async function allRuns({ runs }: System, results: Map<string, unknown>): Promise<RunSeen[]> {
  const found = await runs.list('WorkflowType="processOrder"');
  return inParallel({ count: found.length, limit: 8 }, async (index) => {
    const info = found[index];
    if (info === undefined) throw new Error(`there is no run ${index}`);
    const { workflowId, runId, status } = info;
    if (status.name !== 'RUNNING' && !results.has(runId)) {
      const handle = runs.client.workflow.getHandle(workflowId, runId);
      results.set(runId, await handle.result().catch((error: unknown) => ({ error: String(error) })));
    }
    return { workflowId, runId, status: status.name, result: results.get(runId) };
  });
}

/** As the relay measures it every two seconds. */
async function unsentRows({ stack }: System): Promise<number> {
  const port = stack.processes().find(({ name }) => name === 'relay')?.metricsPort;
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5_000) });
  return Number(/^outbox_unsent_rows (\d+)$/m.exec(await response.text())?.[1]);
}
