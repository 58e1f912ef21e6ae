import { type Order, pendingOrder } from '../../order/order.ts';
import { presentCursor, presentOrder } from '../present.ts';
import { presentTimeline } from '../present-timeline.ts';

export const requestId = '0198c5f0-3d2a-7c41-9a6e-5b7d0c1e2f30';
export const exampleOrderId = '0198c5f0-4b1c-7f0e-8c55-2f6a9d3e7b10';

const order: Order = pendingOrder(
  exampleOrderId,
  {
    owner: 'anonymous',
    customerEmail: 'ada@example.com',
    amountCents: 4_200,
    currency: 'EUR',
    merchantId: 'shop-7',
    items: [
      { productId: 'tea-assam', quantity: 2, unitPriceCents: 1_250 },
      { productId: 'teapot', quantity: 1, unitPriceCents: 1_700 },
    ],
    traceId: '0af7651916cd43dd8448eb211c80319c',
    correlationId: requestId,
  },
  new Date('2026-11-21T10:00:00.000Z'),
);

const answer = presentOrder(order);
const canceled = presentOrder({ ...order, status: 'canceled', version: 2 });
const canceling = presentOrder({
  ...order,
  status: 'processing',
  cancelRequestedAt: new Date('2026-11-21T10:00:02.000Z'),
  version: 3,
});

/** Requests that run as they stand; each body has a key of the same name. */
export const newOrders = {
  amount: {
    summary: 'An amount',
    value: { customer_email: 'ada@example.com', amount_cents: 4_200, currency: 'EUR' },
  },
  items: {
    summary: 'Items, which make the amount',
    value: {
      customer_email: 'ada@example.com',
      currency: 'EUR',
      merchant_id: 'shop-7',
      items: answer.items,
    },
  },
};

export const newOrderKeys = {
  amount: { value: 'first-order-of-the-day' },
  items: { value: 'second-order-of-the-day' },
};

export const batches = {
  mixed: {
    summary: 'One that is good and one that is not: each has a result of its own',
    value: { orders: [newOrders.amount.value, { customer_email: 'ada@example.com' }] },
  },
};

export const batchKeys = { mixed: { value: 'batch-of-the-day' } };

/** The shapes of the systems before this one. */
export const amountOrders = {
  decimal: { summary: 'A decimal amount', value: { merchant_id: 'shop-7', amount: 99.99, currency: 'USD' } },
};

const productOrder = { customer_id: 'customer-123', product_id: 'product-456', quantity: 2, price: 29.99 };
export const productOrders = { product: { summary: 'One product', value: productOrder } };
export const productBatches = { products: { summary: 'A bare list', value: [productOrder, productOrder] } };

export const orders = {
  pending: { summary: 'Just placed', value: answer },
};

export const canceledOrders = {
  canceled: { summary: 'Canceled before it was processed', value: canceled },
};

export const cancelingOrders = {
  requested: { summary: 'In processing; it will be canceled', value: canceling },
};

const record = { topic: 'order.created', partition: 3, offset: '17' };
const begun = {
  version: 2,
  step: 'begun',
  detail: { workflow_id: `order-${order.id}`, run_id: requestId, record },
  at: new Date('2026-11-21T10:00:01.000Z'),
};

export const timelines = {
  waiting: {
    summary: 'The payment service does not answer',
    value: presentTimeline(
      { ...order, status: 'processing', version: 2 },
      {
        steps: [begun],
        failedAttempt: {
          step: 'charge',
          attempt: 4,
          error: 'The payment service gave no outcome; ask by key, then repeat with the same key.',
          at: new Date('2026-11-21T10:00:09.000Z'),
          next_at: new Date('2026-11-21T10:00:17.000Z'),
        },
      },
    ),
  },
};

export const orderLists = {
  page: {
    summary: 'A page with another behind it',
    value: { items: [answer], next: presentCursor({ older: order.id }) },
  },
};
