import { orders, placeOrder } from './place-order.ts';

export const options = orders(100, { users: 10 });
export default placeOrder;
