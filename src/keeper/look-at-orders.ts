import { isFinal } from '../order/order.ts';
import { atOnce } from '../platform/at-once.ts';
import type { TemporalClient } from '../platform/temporal-client.ts';
import { runState } from '../runs/run-state.ts';
import type { Pool } from '../store/pool.ts';
import { type Found, listStuck } from '../store/stuck.ts';
import { findOpenAtRest, findOrdersAtRest } from '../store/watch.ts';
import { orderWorkflowId } from '../workflows/contract.ts';

interface RunLookDeps {
  readonly pool: Pool;
  readonly temporal: TemporalClient;
  readonly stuckMs: number;
}

// Some 2 ms of Temporal each.
const mostAsked = 200;
const askedAtOnce = 10;

/** Which open orders have no run. Each call asks of a few more, oldest first and round again, and anew of those that had none. */
export function createRunLook({ pool, temporal, stuckMs: ms }: RunLookDeps): () => Promise<Found> {
  let after: string | undefined;
  return async () => {
    const [next, known] = await Promise.all([
      findOpenAtRest(pool, { after, ms, limit: mostAsked }),
      listStuck(pool, { reason: 'no_run', limit: mostAsked }),
    ]);
    const ids = [...new Set([...next.map(({ id }) => id), ...known.map(({ orderId }) => orderId)])];
    const states = new Map<string, string>();
    await atOnce(askedAtOnce, ids, async (id) => {
      states.set(id, await runState({ temporal }, orderWorkflowId(id)));
    });
    after = next.length < mostAsked ? undefined : next.at(-1)?.id;
    const without = ids.filter((id) => states.get(id) !== 'RUNNING');
    // A run that ends closes after its order: looked at anew, that one is final.
    const orders = await findOrdersAtRest(pool, without);
    return {
      reasons: ['no_run'],
      among: ids,
      orders: orders
        .filter(({ status }) => !isFinal(status))
        .map(({ id, status, updatedAt }) => ({
          orderId: id,
          reason: 'no_run',
          since: updatedAt,
          detail: { status, run: states.get(id)?.toLowerCase() },
        })),
    };
  };
}
