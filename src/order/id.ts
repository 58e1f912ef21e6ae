import { v5, v7, validate } from 'uuid';

/** Time-ordered, so that the newest orders lie together in the index and a list by id is a list by age. */
export function newOrderId(): string {
  return v7();
}

export function isOrderId(text: string): boolean {
  return validate(text);
}

/** One id per order and event type for ever: a message sent again, even by another relay, is recognised by it. */
export function eventId(orderId: string, type: string): string {
  return v5(type, orderId);
}
