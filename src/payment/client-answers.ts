import { z } from 'zod';
import { PaymentProtocolError, PaymentRejectedError, PaymentUnavailableError } from './client-errors.ts';
import type { Answer } from './client-transport.ts';

const problem = z.object({ code: z.string().min(1).max(100), detail: z.string() });

// Written apart from the service's own presenters, so that a change there fails here instead of passing unseen.
const charge = {
  id: z.string().min(1),
  key: z.string(),
  order_id: z.string(),
  amount_cents: z.int(),
  currency: z.string(),
};
export const capturedCharge = z.object({ ...charge, status: z.literal('captured') });
export const foundCharges = z.object({
  charges: z
    .array(
      z.discriminatedUnion('status', [
        capturedCharge,
        z.object({ ...charge, status: z.literal('declined'), reason: z.string().min(1) }),
      ]),
    )
    .max(1),
});
export const madeRefund = z.object({
  id: z.string().min(1),
  key: z.string(),
  order_id: z.string(),
  amount_cents: z.int(),
  status: z.literal('refunded'),
});
export const foundRefunds = z.object({ refunds: z.array(madeRefund) });

/** The body of the answer when it has the `status` asked for; every other answer is thrown as what it means. */
export function accept<Schema extends z.ZodType>(
  answer: Answer,
  { status, schema }: { status: number; schema: Schema },
): z.output<Schema> {
  if (answer.status === status) return read(answer, schema);
  if (isTemporary(answer.status)) {
    const { retryAfterMs } = answer;
    throw new PaymentUnavailableError(`status ${answer.status}`, { retryAfterMs });
  }
  if (answer.status < 400) throw new PaymentProtocolError(`status ${answer.status} instead of ${status}`);
  // Without a problem document it is not the payment service that refuses, but something in between.
  const { code, detail } = read(answer, problem);
  throw new PaymentRejectedError({ status: answer.status, reason: code, detail });
}

/** Refuses an answer about something else than what was asked. */
export function agree(
  answered: Readonly<Record<string, unknown>>,
  asked: Readonly<Record<string, unknown>>,
): void {
  for (const [field, value] of Object.entries(asked)) {
    if (answered[field] !== value) {
      throw new PaymentProtocolError(`${field} of the answer is not the one asked for`);
    }
  }
}

function isTemporary(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

function read<Schema extends z.ZodType>({ status, text }: Answer, schema: Schema): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new PaymentProtocolError(`status ${status} with a body that is not what belongs to it`, { cause });
  }
}
