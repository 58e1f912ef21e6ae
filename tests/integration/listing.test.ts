import type { Order } from '../../src/order/order.ts';
import { listOrders } from '../../src/store/orders.ts';
import { databaseOfFile } from '../support/database.ts';
import { placed } from '../support/orders.ts';

const { database, pool } = await databaseOfFile();
const ours: Order[] = [];

beforeAll(async () => {
  for (let at = 0; at < 25; at += 1) ours.push(await placed(pool));
  await placed(pool, { owner: 'somebody else' });
  const every3rd = ours.filter((_, at) => at % 3 === 0).map(({ id }) => id);
  await database.rows(`update orders set status = 'canceled' where id = any($1)`, [every3rd]);
});

const newestFirst = () => ours.map(({ id }) => id).reverse();
const ids = (orders: readonly Order[]) => orders.map(({ id }) => id);
const list = async (page: Partial<Parameters<typeof listOrders>[1]> = {}) =>
  (await listOrders(pool, { owner: 'anonymous', limit: 100, ...page })).orders;

test('a list holds the owner’s orders alone, newest first', async () => {
  expect(ids(await list())).toEqual(newestFirst());
});

test('a status filters the list', async () => {
  const canceled = await list({ status: 'canceled' });
  expect(ids(canceled)).toEqual(
    newestFirst().filter((id) => ours.findIndex((one) => one.id === id) % 3 === 0),
  );
  expect(await list({ status: 'completed' })).toEqual([]);
});

test('pages by offset join without gap or overlap', async () => {
  const pages = [0, 10, 20, 30].map((offset) => list({ offset, limit: 10 }));
  expect(ids((await Promise.all(pages)).flat())).toEqual(newestFirst());
});

test.each([undefined, 'pending' as const])(
  'a walk by cursor sees every order of its start once, although new ones come in (status: %s)',
  async (status) => {
    const expected = ids(await list({ status }));
    const walked: string[] = [];
    for (let before: string | undefined; ; before = walked.at(-1)) {
      const page = await list({
        status,
        from: before === undefined ? undefined : { older: before },
        limit: 4,
      });
      walked.push(...ids(page));
      if (page.length < 4) break;
      ours.push(await placed(pool));
    }
    expect(walked).toEqual(expected);
  },
);

test('a page ends where its items pass 4 MB, with one order at least, and says that it was cut', async () => {
  const product = 'p'.repeat(255);
  const items = Array.from({ length: 1_000 }, () => ({ productId: product, quantity: 1, unitPriceCents: 1 }));
  for (let at = 0; at < 20; at += 1) await placed(pool, { owner: 'wholesale', items, amountCents: 1_000 });
  const page = await listOrders(pool, { owner: 'wholesale', limit: 100 });
  expect(page.isCut).toBe(true);
  expect(page.orders.length).toBeGreaterThan(1);
  expect(page.orders.length).toBeLessThan(20);
  expect(await listOrders(pool, { owner: 'wholesale', limit: 1 })).toMatchObject({ isCut: false });
});
