import { sql } from 'slonik';
import { transactionCreated } from '../ledger/events.ts';
import type { Transaction } from '../ledger/transaction.ts';
import { beyond, inDirection, type Position } from './page.ts';
import { createPlace, type Place, type SubjectTable } from './placement.ts';
import type { Pool } from './pool.ts';
import { columns, toTransaction, transactionRow } from './transaction-row.ts';

const transactionTable: SubjectTable<Transaction> = {
  name: 'transactions',
  columns: [
    ['owner', 'text', ({ owner }) => owner],
    ['account_id', 'uuid', ({ accountId }) => accountId],
    ['counter_account_id', 'uuid', ({ counterAccountId }) => counterAccountId],
    ['type', 'text', ({ type }) => type],
    ['amount_cents', 'int8', ({ amountCents }) => amountCents],
    ['currency', 'text', ({ currency }) => currency],
  ],
  created: transactionCreated,
};

export type PlaceTransaction = Place<Transaction>;

export function createPlaceTransaction(pool: Pool): PlaceTransaction {
  return createPlace(pool, transactionTable);
}

export async function findTransaction(pool: Pool, id: string): Promise<Transaction | undefined> {
  const [row] = await pool.rows(
    sql.type(transactionRow)`select ${columns} from transactions where id = ${id}`,
  );
  return row === undefined ? undefined : toTransaction(row);
}

interface TransactionPage {
  readonly accountId: string;
  readonly owner: string;
  readonly from?: Position | undefined;
  readonly limit: number;
}

/** Those asked for on this account, newest first; what came to it as a counter account is told by the account that asked. */
export async function listTransactions(
  pool: Pool,
  { accountId, owner, from, limit }: TransactionPage,
): Promise<Transaction[]> {
  const rows = await pool.rows(sql.type(transactionRow)`
    with page as (
      select ${columns} from transactions
      where account_id = ${accountId} and owner = ${owner} ${beyond(from)}
      ${inDirection(from)} limit ${limit}
    )
    select ${columns} from page order by id desc`);
  return rows.map(toTransaction);
}
