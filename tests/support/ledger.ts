import { randomUUID } from 'node:crypto';
import type { Pool } from '../../src/store/pool.ts';
import { beginTransaction, settleTransaction } from '../../src/store/settlement.ts';
import { findTransaction } from '../../src/store/transactions.ts';
import type { Answer, TestApi } from './api.ts';

type Headers = Readonly<Record<string, string | undefined>>;

/** The calls of the ledger's tests; `headers` say who calls. */
export function ledgerOf(api: TestApi, headers: Headers = {}) {
  const call = (method: string, path: string, more: { body?: unknown; headers?: Headers } = {}) =>
    api.call({ method, path, body: more.body, headers: { ...headers, ...more.headers } });
  return {
    /** Without a key, unless told otherwise. */
    open: (body: unknown = {}, more: Headers = {}): Promise<Answer> =>
      call('POST', '/v1/accounts', { body, headers: { 'Idempotency-Key': undefined, ...more } }),
    get: (path: string, more: Headers = {}): Promise<Answer> => call('GET', path, { headers: more }),
    change: (id: string, status: unknown, more: Headers = {}): Promise<Answer> =>
      call('PATCH', `/v1/accounts/${id}`, { body: { status }, headers: more }),
    /** With a key of its own, unless told otherwise. */
    post: (body: unknown, key: string | undefined = randomUUID()): Promise<Answer> =>
      call('POST', '/v1/transactions', { body, headers: { 'Idempotency-Key': key } }),
  };
}

export const credit = (account_id: string) => ({ account_id, type: 'CREDIT', amount_cents: 10_000 });

/** What a worker does with a transaction that was accepted. */
export async function applyTransaction(pool: Pool, id: string): Promise<void> {
  await beginTransaction(pool, id, { workflow_id: `transaction-${id}`, run_id: 'run' });
  const transaction = await findTransaction(pool, id);
  if (transaction === undefined) throw new Error(`there is no transaction ${id}`);
  await settleTransaction(pool, transaction, null);
}
