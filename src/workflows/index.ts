export { postTransaction } from './post-transaction.ts';
export { processOrder } from './process-order.ts';
