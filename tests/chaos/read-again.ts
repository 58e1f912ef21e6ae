import { inParallel } from '../acceptance/outside/in-parallel.ts';
import type { System } from '../acceptance/outside/system.ts';
import { eventually } from '../support/eventually.ts';
import { startBridge } from './second-bridge.ts';

const group = 'from-the-beginning';

/** Deletes all closed runs of orders, and has all of the topic read by a group that nobody knows; resolves when every record has begun a run anew, and each has ended. */
export async function readAgain(
  { runs, events }: System,
  env: Readonly<Record<string, string>>,
  withinMs: number,
): Promise<void> {
  const closed = (await runs.list('WorkflowType="processOrder"')).map(({ workflowId }) => workflowId);
  await inParallel({ count: closed.length, limit: 4 }, (at) => runs.forget(closed[at] ?? ''));
  const bridge = await startBridge(env, { KAFKA_CONSUMER_GROUP: group });
  await eventually(async () => expect(await events.lag(group, 'order.created')).toBe(0), withinMs);
  bridge.kill('SIGTERM');
  await bridge.ended;
  await eventually(async () => {
    const found = await runs.list('WorkflowType="processOrder" AND ExecutionStatus!="Running"');
    expect(new Set(found.map(({ workflowId }) => workflowId))).toEqual(new Set(closed));
  }, withinMs);
}
