import type { Context } from 'koa';
import type { z } from 'zod';
import { newId } from '../../core/id.ts';
import { acceptReplayed } from '../../facts.ts';
import { transactionAccepted } from '../../facts-ledger.ts';
import { pendingTransaction, type Transaction } from '../../ledger/transaction.ts';
import { readIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { readJson } from '../../platform/http/json-body.ts';
import { activeTraceId } from '../../platform/http/observe.ts';
import { parseBody } from '../../platform/http/validation.ts';
import { activeTraceparent, describeSpan, inStep } from '../../platform/telemetry.ts';
import type { Claim } from '../../store/idempotency.ts';
import type { Placement } from '../../store/placement.ts';
import { callerOf } from '../caller.ts';
import { fingerprint } from '../fingerprint.ts';
import { newTransaction } from '../ledger-schemas.ts';
import { presentTransaction } from '../present-ledger.ts';
import type { LedgerRoutes } from './ledger.ts';
import { type Accepted, acceptedAs, answerAccepted } from './place.ts';

/**
 * 202 once key, transaction and event are durable together. Whether there is such an account, and money in it, is found when
 * the transaction is applied: an answer from here could be outdated by then.
 */
export async function createTransaction(deps: LedgerRoutes, ctx: Context): Promise<void> {
  deps.admission.admit();
  const key = readIdempotencyKey(ctx);
  const body = await readJson(ctx);
  const given = await inStep('validate', {}, async () => parseBody(newTransaction, body));
  const accepted = await place(
    deps,
    newPlacement(ctx, given, {
      // A key belongs to one account.
      operation: `POST /v1/transactions ${given.account_id}`,
      key,
      fingerprint: fingerprint(body),
      ttlMs: deps.idempotencyTtlMs,
    }),
  );
  if (!accepted.isReplayed) deps.signal();
  answerAccepted(ctx, accepted, '/v1/transactions');
}

function newPlacement(
  ctx: Context,
  given: z.output<typeof newTransaction>,
  claim: Omit<Claim, 'caller'>,
): Placement<Transaction> {
  const owner = callerOf(ctx);
  const transaction = pendingTransaction(
    newId(),
    {
      owner,
      accountId: given.account_id,
      counterAccountId: given.counter_account_id ?? null,
      type: given.type,
      amountCents: given.amount_cents,
      currency: given.currency,
      traceId: activeTraceId(),
      correlationId: ctx.state.requestId,
    },
    new Date(),
  );
  return {
    subject: transaction,
    response: JSON.stringify(presentTransaction(transaction)),
    claim: { ...claim, caller: owner },
    traceparent: activeTraceparent(),
  };
}

function place(
  { placeTransaction, log }: Pick<LedgerRoutes, 'placeTransaction' | 'log'>,
  placement: Placement<Transaction>,
): Promise<Accepted> {
  const { subject: transaction } = placement;
  const attributes = {
    'transaction.id': transaction.id,
    'account.id': transaction.accountId,
    'idempotency.hit': false,
  };
  return inStep('createTransaction', attributes, async () => {
    const placed = await inStep('persistTransaction', {}, () => placeTransaction(placement));
    return acceptedAs(placed, placement, {
      placed: () => transactionAccepted(log, transaction),
      // A key belongs to its account.
      replayed: (id) => {
        describeSpan({ 'transaction.id': id });
        acceptReplayed(log, { subject: 'transaction', id, accountId: transaction.accountId });
      },
    });
  });
}
