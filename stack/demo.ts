import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { addresses } from './environment.ts';
import { bold, dim, green, red, say } from './output.ts';
import { get, post } from './rest.ts';
import type { Settings } from './settings.ts';

type Order = { id: string; status: string };

const AMOUNTS_CENTS = [1250, 4200, 9900, 19_900, 129_900];
const FINAL = ['completed', 'failed', 'canceled'];
const WITHIN_MS = 60_000;

/** Posts orders over REST and shows what a client can see of them. */
export async function demo(settings: Settings): Promise<void> {
  const {
    API_URL = '',
    PAYMENT_URL = settings.env.PAYMENT_URL ?? '',
    TEMPORAL_UI_URL = 'http://localhost:8233',
    PROMETHEUS_URL = settings.env.PROMETHEUS_URL,
  } = addresses(settings);
  const keys = AMOUNTS_CENTS.map(() => randomUUID());
  say(
    bold(`POST ${API_URL}/v1/orders, ${AMOUNTS_CENTS.length} times, each with an Idempotency-Key of its own`),
  );
  const orders = await Promise.all(
    AMOUNTS_CENTS.map((amount, index) => place(API_URL, keys[index] ?? '', amount)),
  );
  const statuses = await Promise.all(orders.map((order) => follow(API_URL, order)));

  const [first] = orders;
  if (first === undefined) return;
  say(bold('The first key again: the same order, nothing new'));
  const again = await place(API_URL, keys[0] ?? '', AMOUNTS_CENTS[0] ?? 0);
  say(`  ${again.id === first.id ? green(again.id) : red(`${again.id}, not ${first.id}`)}`);

  say(bold('What the payment service holds for it'));
  // A look-up that fails is no failure of the order: with `make fault-errors` it is wanted.
  const held = await get(`${PAYMENT_URL}/v1/charges?order_id=${first.id}`).catch(String);
  say(`  ${held}`);

  say(bold('Look at it'));
  say(`  the order      ${API_URL}/v1/orders/${first.id}`);
  say(`  its workflow   ${TEMPORAL_UI_URL}/namespaces/default/workflows/order-${first.id}`);
  if (PROMETHEUS_URL) say(`  its figures    ${PROMETHEUS_URL}`);
  if (again.id !== first.id || statuses.some((status) => status !== 'completed')) {
    throw new Error(
      'not every order completed, or a key was taken twice; `make logs` shows what the roles say',
    );
  }
}

function place(api: string, key: string, amountCents: number): Promise<Order> {
  const body = { customer_email: 'demo@example.com', amount_cents: amountCents };
  return post<Order>(`${api}/v1/orders`, { body, key, status: 202 });
}

async function follow(api: string, order: Order): Promise<string> {
  const started = Date.now();
  let { status } = order;
  const steps = [status];
  while (!FINAL.includes(status) && Date.now() - started < WITHIN_MS) {
    await sleep(20);
    const now: Order = JSON.parse(await get(`${api}/v1/orders/${order.id}`));
    if (now.status !== status) steps.push(now.status);
    status = now.status;
  }
  const colour = status === 'completed' ? green : red;
  say(
    `  ${order.id}  ${dim(steps.slice(0, -1).join(' → '))} → ${colour(status)} ${dim(`${Date.now() - started} ms`)}`,
  );
  return status;
}
