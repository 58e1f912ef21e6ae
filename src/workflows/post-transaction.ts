import { ApplicationFailure, CancellationScope, proxyLocalActivities, sleep } from '@temporalio/workflow';
import type { TransactionActivities } from '../activities/index.ts';
import { statement } from './activity-options.ts';
import { type PostTransactionInput, transactionNotApplied } from './contract.ts';

const { beginTransaction, applyTransaction, setTransactionAside } =
  proxyLocalActivities<TransactionActivities>(statement);

export interface PostTransactionResult {
  readonly status: string;
  readonly reason?: string;
}

const mostAttempts = 5;
const firstPauseMs = 1_000;

/**
 * A transaction's way: begin, apply. What the ledger refuses fails it at once; a dependency that is down is waited for inside
 * the activity, without end; only what goes wrong with this very transaction is counted, and ends among the dead letters.
 * There is no cancel: a transaction that was accepted is decided.
 */
export function postTransaction(input?: PostTransactionInput): Promise<PostTransactionResult> {
  // Started by hand it may have no input: then there is no such transaction, and the run fails instead of its tasks.
  const id = String(input?.transactionId);
  const record = input?.record;
  return CancellationScope.nonCancellable(async () => {
    const begun = await beginTransaction(id, record);
    if (begun.outcome === 'settled') return { status: begun.status, reason: 'already_settled' };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await applyTransaction(id, attempt);
      } catch (error) {
        if (!(error instanceof ApplicationFailure && error.type === transactionNotApplied)) throw error;
        if (attempt === mostAttempts)
          return setTransactionAside({ id, attempts: attempt, error: error.message, record });
        await sleep(firstPauseMs * 2 ** (attempt - 1));
      }
    }
  });
}
