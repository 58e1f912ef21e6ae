import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

// All that others may know of the workflows: names, ids, inputs, attributes.

export const processOrderType = 'processOrder';

/** Where on Kafka a record stands. */
export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

export interface ProcessOrderInput {
  readonly v: 1;
  readonly orderId: string;
  /** The order.created that started the run; for the order's timeline. */
  readonly record?: RecordPosition;
}

export const postTransactionType = 'postTransaction';

export interface PostTransactionInput {
  readonly v: 1;
  readonly transactionId: string;
  /** The transaction.created that started the run; for the transaction's timeline. */
  readonly record?: RecordPosition | undefined;
}

/** The type of the failure that is the transaction's own: nothing else is counted as an attempt. */
export const transactionNotApplied = 'TransactionNotApplied';

export function transactionWorkflowId(transactionId: string): string {
  return `transaction-${transactionId}`;
}

/** An Update without arguments: look whether the order is to be stopped. Its answer comes when the run has stopped. */
export const wakeUpdate = 'wake';

export function orderWorkflowId(orderId: string): string {
  return `order-${orderId}`;
}

export const merchantIdAttribute = defineSearchAttributeKey('MerchantId', SearchAttributeType.KEYWORD);
/** Set on the unusual ways only (failed, refunding, stuck, canceled): each change costs an event and a visibility write; absent means normal. */
export const orderStatusAttribute = defineSearchAttributeKey('OrderStatus', SearchAttributeType.KEYWORD);

export const deploymentName = 'tbd-orders';
