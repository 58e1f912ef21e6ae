export class OrderNotFoundError extends Error {
  override readonly name = 'OrderNotFoundError';
  readonly code = 'order_not_found';

  constructor(orderId: string) {
    super(`There is no order ${orderId}; check the id, or list your orders.`);
  }
}
