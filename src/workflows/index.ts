export { processOrder } from './process-order.ts';
