import { canMove, type OrderStatus, orderStatuses } from './order.ts';

const allowed: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  pending: ['processing', 'canceled', 'failed'],
  processing: ['completed', 'failed', 'canceled'],
  completed: [],
  failed: [],
  canceled: [],
};

test.each(
  orderStatuses.flatMap((from) => orderStatuses.map((to) => [from, to, allowed[from].includes(to)] as const)),
)('from %s to %s: %s', (from, to, expected) => {
  expect(canMove(from, to)).toBe(expected);
});

test('what is completed, failed or canceled stays so for ever', () => {
  const stays = orderStatuses.filter((from) => orderStatuses.every((to) => !canMove(from, to)));
  expect(stays).toEqual(['completed', 'failed', 'canceled']);
});
