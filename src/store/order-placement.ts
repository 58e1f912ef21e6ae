import { orderCreated } from '../order/events.ts';
import type { Order } from '../order/order.ts';
import { createPlace, createPlaceAlone, type Place, type Placement, type SubjectTable } from './placement.ts';
import type { Pool } from './pool.ts';

const orderTable: SubjectTable<Order> = {
  name: 'orders',
  columns: [
    ['owner', 'text', ({ owner }) => owner],
    ['customer_email', 'text', ({ customerEmail }) => customerEmail],
    ['amount_cents', 'int8', ({ amountCents }) => amountCents],
    ['currency', 'text', ({ currency }) => currency],
    ['merchant_id', 'text', ({ merchantId }) => merchantId],
    ['items', 'jsonb', ({ items }) => JSON.stringify(items)],
  ],
  created: orderCreated,
};

export type PlaceOrder = Place<Order>;

export function createPlaceOrder(pool: Pool): PlaceOrder {
  return createPlace(pool, orderTable);
}

export function placeOrder(pool: Pool, placement: Placement<Order>) {
  return createPlaceAlone(pool, orderTable)(placement);
}
