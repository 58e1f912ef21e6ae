import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

// All that others may know of the workflows: names, ids, inputs, attributes.

export const processOrderType = 'processOrder';

export interface ProcessOrderInput {
  readonly v: 1;
  readonly orderId: string;
}

export function orderWorkflowId(orderId: string): string {
  return `order-${orderId}`;
}

export const merchantIdAttribute = defineSearchAttributeKey('MerchantId', SearchAttributeType.KEYWORD);
/** Set on the unusual ways only (failed, canceled): each change costs an event and a visibility write; absent means normal. */
export const orderStatusAttribute = defineSearchAttributeKey('OrderStatus', SearchAttributeType.KEYWORD);

export const deploymentName = 'tbd-orders';
