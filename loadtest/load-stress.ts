import { orders, placeOrder } from './place-order.ts';

export const options = orders(1_000, { users: 100 });
export default placeOrder;
