import { v5 } from 'uuid';
import type { Evidence } from './evidence.ts';
import { emailOf } from './journal.ts';

/** What must be true of the evidence whatever was killed; each names what it found, or nothing. */
const invariants: Readonly<Record<string, (evidence: Evidence) => Iterable<string>>> = {
  'I1 no accepted order is lost': lostOrders,
  'I2 no order comes from nowhere': phantomOrders,
  'I3 one order for each key': keysWithSeveralOrders,
  'I4 one charge for each completed order, none for others': wrongCharges,
  'I5 the provider holds what the completed orders cost': wrongTotal,
  'I6 every event is out, with one id and one text': wrongEvents,
  'I7 order, event, run and promise agree': disagreements,
  'I10 one run for each order': severalRuns,
  'I11 nothing is left to do': leftovers,
  'I14 clients see only answers of the contract': strangeAnswers,
};

export function violations(evidence: Evidence): string[] {
  return Object.entries(invariants).flatMap(([name, find]) =>
    [...find(evidence)].map((found) => `${name}: ${found}`),
  );
}

type Order = Evidence['orders'][number];

const terminalTopic: Readonly<Record<string, string>> = {
  completed: 'order.processed',
  failed: 'order.failed',
  canceled: 'order.canceled',
};
const contractStatuses = new Set([200, 202, 409, 503]);

function* lostOrders({ journal, orders }: Evidence) {
  const byId = new Map(orders.map((order) => [order.id, order]));
  for (const id of [...journal.orders.values()].flatMap(({ accepted }) => accepted)) {
    const status = byId.get(id)?.status;
    if (status === undefined) yield `${id} was accepted and does not exist`;
    else if (!(status in terminalTopic)) yield `${id} was accepted and is still ${status}`;
  }
}

function* phantomOrders({ journal, orders }: Evidence) {
  const sent = new Set([...journal.orders.keys()].map(emailOf));
  for (const { id, customer_email } of orders) {
    if (!sent.has(customer_email ?? '')) yield `${id} is of ${customer_email}, who sent nothing`;
  }
}

function* keysWithSeveralOrders({ journal, orders }: Evidence) {
  const idsByEmail = Map.groupBy(orders, ({ customer_email }) => customer_email);
  for (const { key, accepted } of journal.orders.values()) {
    const stored = (idsByEmail.get(emailOf(key)) ?? []).map(({ id }) => id);
    const ids = new Set([...stored, ...accepted]);
    if (ids.size > 1) yield `${key} made ${[...ids].join(' and ')}`;
  }
}

function* wrongCharges({ orders, movements }: Evidence) {
  const byOrder = Map.groupBy(movements, ({ order_id }) => order_id);
  for (const { id, status, amount_cents } of orders) {
    const own = byOrder.get(id) ?? [];
    const captures = own.filter(({ type }) => type === 'capture');
    const netCents = sumCents(captures) - sumCents(own.filter(({ type }) => type === 'refund'));
    if (captures.length > 1) yield `${id} was charged ${captures.length} times`;
    const dueCents = status === 'completed' ? amount_cents : 0;
    if (netCents !== dueCents) yield `${id} is ${status} and cost ${netCents} instead of ${dueCents}`;
  }
}

function* wrongTotal({ orders, movements }: Evidence) {
  const known = new Set(orders.map(({ id }) => id));
  for (const { order_id } of movements) {
    if (!known.has(order_id)) yield `${order_id} was charged and does not exist`;
  }
  const captured = sumCents(movements.filter(({ type }) => type === 'capture'));
  const refunded = sumCents(movements.filter(({ type }) => type === 'refund'));
  const due = sumCents(orders.filter(({ status }) => status === 'completed'));
  if (captured - refunded !== due) yield `${captured} − ${refunded} is not ${due}`;
}

function* wrongEvents({ orders, records }: Evidence) {
  const byKey = Map.groupBy(records, ({ key }) => key);
  for (const { id, status } of orders) {
    const own = byKey.get(id) ?? [];
    for (const topic of ['order.created', terminalTopic[status]]) {
      if (!own.some((record) => record.topic === topic)) yield `${id} is ${status} without ${topic}`;
    }
  }
  for (const [what, copies] of Map.groupBy(records, ({ topic, key }) => `${topic} of ${key}`)) {
    const [first] = copies;
    const fixed = v5(first?.topic ?? '', first?.key ?? v5.DNS);
    if (copies.some(({ id }) => id !== fixed)) yield `${what} has another id than ${fixed}`;
    if (copies.some(({ value }) => value !== first?.value)) yield `${what} has copies that differ`;
  }
}

function* disagreements({ journal, orders, records, runs }: Evidence) {
  const endsByKey = Map.groupBy(
    records.filter(({ topic }) => topic !== 'order.created'),
    ({ key }) => key,
  );
  const runById = new Map(runs.map((run) => [run.workflowId, run]));
  const promised = new Set(
    [...journal.orders.values()].filter(({ canceled }) => canceled).flatMap(({ accepted }) => accepted),
  );
  for (const { id, status } of orders) {
    for (const topic of new Set((endsByKey.get(id) ?? []).map((record) => record.topic))) {
      if (topic !== terminalTopic[status]) yield `${id} is ${status} and was announced as ${topic}`;
    }
    const run = runById.get(`order-${id}`);
    if (run !== undefined && run.status !== 'RUNNING' && endOf(run) !== status) {
      yield `${id} is ${status}, its run ended ${run.status} with ${JSON.stringify(run.result)}`;
    }
    if (promised.has(id) && status !== 'canceled') yield `${id} was promised to be canceled and is ${status}`;
  }
}

function* severalRuns({ runs }: Evidence) {
  for (const [workflowId, own] of Map.groupBy(runs, (run) => run.workflowId)) {
    if (new Set(own.map(({ runId }) => runId)).size > 1) yield `${workflowId} ran ${own.length} times`;
  }
}

function* leftovers({ orders, runs, left }: Evidence) {
  const { unsent, lag, deadLetters } = left;
  if (unsent !== 0) yield `${unsent} rows in the outbox`;
  if (lag !== 0) yield `${lag} records before the bridge`;
  if (deadLetters !== 0) yield `${deadLetters} records set aside`;
  for (const { workflowId, status } of runs) if (status === 'RUNNING') yield `${workflowId} still runs`;
  const started = new Set(runs.map(({ workflowId }) => workflowId));
  for (const { id } of orders) if (!started.has(`order-${id}`)) yield `${id} has no run`;
}

function* strangeAnswers({ journal }: Evidence) {
  for (const status of journal.statuses) if (!contractStatuses.has(status)) yield `status ${status}`;
}

function sumCents(rows: readonly Pick<Order, 'amount_cents'>[]): number {
  return rows.reduce((sum, { amount_cents }) => sum + amount_cents, 0);
}

/** A run that was itself asked to cancel ends so, without a result. */
function endOf({ status, result }: Evidence['runs'][number]): unknown {
  if (status === 'CANCELLED') return 'canceled';
  return typeof result === 'object' && result !== null && 'status' in result ? result.status : undefined;
}
