import type { WorkflowStartOptions } from '@temporalio/client';
import { z } from 'zod';
import { transactionTypes } from '../ledger/transaction.ts';
import type { Config } from '../platform/config.ts';
import type { KafkaMessage } from '../platform/kafka.ts';
import { aboutRun, aboutTransaction } from '../runs/about.ts';
import {
  orderWorkflowId,
  type PostTransactionInput,
  type ProcessOrderInput,
  postTransactionType,
  processOrderType,
  type RecordPosition,
  transactionWorkflowId,
} from '../workflows/contract.ts';
import { readBody } from './envelope.ts';
import type { ValueReader } from './formats/value-reader.ts';
import type { consumerGroups } from './groups.ts';
import type { EventType } from './topics.ts';

/** The run that a record begins. */
export interface Begun extends Pick<WorkflowStartOptions, 'staticSummary' | 'typedSearchAttributes'> {
  readonly workflowType: string;
  readonly workflowId: string;
  readonly input: unknown;
}

interface Shape<Body> {
  /** In log lines and spans `<subject>_id` and `<subject>.id`. */
  readonly subject: string;
  /** The event that begins one. */
  readonly created: EventType;
  readonly deadLetters: (config: Config) => string;
  readonly group: keyof ReturnType<typeof consumerGroups>;
  readonly schema: z.ZodType<Body>;
  /** Its key, too. */
  readonly idOf: (body: Body) => string;
  readonly begin: (body: Body, record: RecordPosition) => Begun;
}

/** What a bridge has to know of the events that it reads; everything else about them is the same. */
export interface Domain extends Omit<Shape<never>, 'schema' | 'idOf' | 'begin'> {
  /** Throws RecordFault with the reason where the record can never be understood. */
  readonly read: (
    record: Pick<KafkaMessage, 'key' | 'value' | 'headers'>,
    readValue?: ValueReader,
  ) => Promise<{
    readonly id: string;
    readonly begin: (record: RecordPosition) => Begun;
  }>;
}

function domain<Body>({ schema, idOf, begin, ...rest }: Shape<Body>): Domain {
  return {
    ...rest,
    read: async (record, readValue) => {
      const { subject, created: type } = rest;
      const body = await readBody(record, { subject, type, schema, idOf }, readValue);
      return { id: idOf(body), begin: (position) => begin(body, position) };
    },
  };
}

// One spelling only: the workflow's id is made of it.
const id = z.uuid().lowercase();
const money = { amount_cents: z.int().positive(), currency: z.string().regex(/^[A-Z]{3}$/) };

const orderCreated = z.object({
  order_id: id,
  ...money,
  merchant_id: z.string().max(255).nullable(),
  items: z.array(z.unknown()),
});

export const orders = domain({
  subject: 'order',
  created: 'order.created',
  deadLetters: ({ KAFKA_TOPIC_ORDER_DLQ }) => KAFKA_TOPIC_ORDER_DLQ,
  group: 'orders',
  schema: orderCreated,
  idOf: ({ order_id }) => order_id,
  begin: ({ order_id, amount_cents, currency, merchant_id, items }, record) => ({
    workflowType: processOrderType,
    workflowId: orderWorkflowId(order_id),
    input: { v: 1, orderId: order_id, record } satisfies ProcessOrderInput,
    ...aboutRun({ id: order_id, items, amountCents: amount_cents, currency, merchantId: merchant_id }),
  }),
});

const transactionCreated = z.object({ transaction_id: id, ...money, type: z.enum(transactionTypes) });

const transactions = domain({
  subject: 'transaction',
  created: 'transaction.created',
  deadLetters: ({ KAFKA_TOPIC_TRANSACTIONS_DLQ }) => KAFKA_TOPIC_TRANSACTIONS_DLQ,
  group: 'transactions',
  schema: transactionCreated,
  idOf: ({ transaction_id }) => transaction_id,
  begin: ({ transaction_id, amount_cents, currency, type }, record) => ({
    workflowType: postTransactionType,
    workflowId: transactionWorkflowId(transaction_id),
    input: { v: 1, transactionId: transaction_id, record } satisfies PostTransactionInput,
    ...aboutTransaction({ id: transaction_id, type, amountCents: amount_cents, currency }),
  }),
});

export const domains: readonly Domain[] = [orders, transactions];
