import { eventually } from '../../tests/support/eventually.ts';
import { countSteps } from '../../tests/support/steps.ts';
import { median, type Ratio, ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

// DESIGN section 6: eager start and eager activity, one order at a time.
const design = { events: 13, transitions: 5 };

/** Durable steps of an order, one order at a time. */
export async function steps(system: System, { orders }: { orders: number }): Promise<Part> {
  const counted = await countSteps(
    {
      temporal: system.temporal,
      rows: system.rows,
      completeOne: () => completeOne(system.env.API_URL ?? ''),
    },
    { orders, warmUp: 5 },
  );
  const events = ratioOf(counted.events.map((count) => count / design.events));
  const transitions = ratioOf(counted.transitions.map((count) => count / design.transitions));
  return {
    name: 'steps',
    rows: [
      {
        id: 'events/design',
        question: 'history events of an order ÷ 13',
        ratio: exact(events),
        bar: { exactly: 1 },
      },
      {
        id: 'transitions/design',
        question: 'state transitions of an order ÷ 5',
        ratio: exact(transitions),
        bar: { exactly: 1 },
      },
    ],
    notes: [
      `${orders} orders one at a time: events ${spread(counted.events)}, transitions ${spread(counted.transitions)}`,
      `Postgres: ${median(counted.writes)} transactions that write and ${median(counted.walBytes)} bytes of log an order (median)`,
    ],
  };
}

/** Counts have no noise to be averaged away: the interval is all of them. */
function exact(ratio: Ratio): Ratio {
  return { ...ratio, low: Math.min(...ratio.pairs), high: Math.max(...ratio.pairs) };
}

function spread(counts: readonly number[]): string {
  return `${Math.min(...counts)}–${Math.max(...counts)} (median ${median(counts)})`;
}

async function completeOne(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
    body: JSON.stringify({ customer_email: 'bench@example.com', amount_cents: 1_299, merchant_id: 'bench' }),
  });
  // The contract's shape; the acceptance tests check it.
  const { id } = (await answer.json()) as { id: string };
  await eventually(async () => {
    const order = (await (await fetch(`${url}/v1/orders/${id}`)).json()) as { status: string };
    if (order.status !== 'completed') throw new Error(`order ${id} is still ${order.status}`);
  }, 20_000);
  return id;
}
