import { eventually } from '../tests/support/eventually.ts';
import type { System } from './system.ts';

const settleMs = 30_000;

/**
 * After a block: as many orders as were ever accepted, each completed once everywhere (Postgres, Kafka, payments, Temporal),
 * and nothing left on the way. A fast wrong run is a failure. `chargedElsewhere` counts what others had the same payment
 * service charge in the meantime.
 */
export async function createOrderCheck(
  system: System,
): Promise<(accepted: number, chargedElsewhere?: number) => Promise<void>> {
  const { orders } = await countRows(system);
  let expected = orders;
  let { added: captures, next: cursor } = await readLedger(system.env.PAYMENT_URL ?? '', '0');
  let elsewhere = 0;
  return async (accepted, chargedElsewhere = 0) => {
    expected += accepted;
    elsewhere += chargedElsewhere;
    await eventually(async () => {
      const counts = {
        ...(await countRows(system)),
        processed: await countRecords(system, 'order.processed'),
      };
      const runs = await countRuns(system, 'processOrder');
      const found = { ...counts, runs: runs.count };
      const wanted = {
        orders: expected,
        completed: expected,
        unsent: 0,
        processed: expected,
        runs: expected,
      };
      if (JSON.stringify(found) !== JSON.stringify(wanted))
        throw new Error(
          `accepted and found differ, the run is void: ${JSON.stringify({ wanted, found })}; look into .tbd/bench`,
        );
    }, settleMs);
    const { added, next } = await readLedger(system.env.PAYMENT_URL ?? '', cursor);
    captures += added;
    cursor = next;
    if (captures !== expected + elsewhere)
      throw new Error(
        `${expected} orders were completed, ${elsewhere} charges are others', and ${captures} were made; the run is void, see .tbd/bench`,
      );
  };
}

/** The same for bare workflows: each that was started has completed. */
export async function createRunCheck(
  system: System,
  type: string,
): Promise<(started: number) => Promise<void>> {
  let expected = (await countRuns(system, type)).count;
  return async (started) => {
    expected += started;
    await eventually(async () => {
      const { count } = await countRuns(system, type);
      if (count !== expected) throw new Error(`${expected} ${type} were started and ${count} completed`);
    }, settleMs);
  };
}

function countRuns({ temporal }: System, type: string): Promise<{ count: number }> {
  return temporal.workflow.count(`WorkflowType='${type}' and ExecutionStatus='Completed'`);
}

async function countRows(system: System): Promise<{ orders: number; completed: number; unsent: number }> {
  const [counts] = await system.rows<{ orders: number; completed: number; unsent: number }>(`
    select
      count(*)::int4 as orders,
      (count(*) filter (where status = 'completed'))::int4 as completed,
      (select count(*)::int4 from outbox) as unsent
    from orders`);
  if (counts === undefined) throw new Error('an aggregate has one row');
  return counts;
}

async function countRecords(system: System, topic: string): Promise<number> {
  const offsets = await system.kafka.fetchTopicOffsets(topic);
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}

async function readLedger(url: string, after: string): Promise<{ added: number; next: string }> {
  let added = 0;
  let last = after;
  for (let cursor: string | null = after; cursor !== null; ) {
    const response = await fetch(`${url}/v1/ledger?cursor=${cursor}`);
    if (!response.ok) throw new Error(`GET /v1/ledger answered ${response.status}; see the payment log`);
    // The contract's shape; the acceptance tests check it.
    const page = (await response.json()) as { entries: { seq: number; type: string }[]; next: string | null };
    added += page.entries.filter(({ type }) => type === 'capture').length;
    last = String(page.entries.at(-1)?.seq ?? last);
    cursor = page.next;
  }
  return { added, next: last };
}
