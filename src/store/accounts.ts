import { sql } from 'slonik';
import { z } from 'zod';
import { type Account, type AccountStatus, accountStatuses } from '../ledger/account.ts';
import { beyond, inDirection, type Position } from './page.ts';
import type { Pool } from './pool.ts';

const columns = sql.fragment`id, owner, currency, balance_cents, status, version, created_at, updated_at`;

const accountRow = z.object({
  id: z.string(),
  owner: z.string(),
  currency: z.string(),
  balance_cents: z.number(),
  status: z.enum(accountStatuses),
  version: z.number(),
  created_at: z.date(),
  updated_at: z.date(),
});

const toAccount = (row: z.output<typeof accountRow>): Account => ({
  id: row.id,
  owner: row.owner,
  currency: row.currency,
  balanceCents: row.balance_cents,
  status: row.status,
  version: row.version,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export interface Opened {
  readonly account: Account;
  /** False when it was there before. */
  readonly isNew: boolean;
}

/** An account without money; the same call again changes nothing, and finds what has become of it. */
export async function openAccount(
  pool: Pool,
  { id, owner, currency, now }: Pick<Account, 'id' | 'owner' | 'currency'> & { now: Date },
): Promise<Opened> {
  const at = now.toISOString();
  const [opened] = await pool.rows(sql.type(accountRow)`
    insert into accounts (id, owner, currency, created_at, updated_at)
    values (${id}, ${owner}, ${currency}, ${at}, ${at})
    on conflict on constraint accounts_pkey do nothing
    returning ${columns}`);
  if (opened !== undefined) return { account: toAccount(opened), isNew: true };
  const account = await findAccount(pool, id);
  if (account === undefined)
    throw new Error(`Account ${id} was there a moment ago, and accounts are never deleted.`);
  return { account, isNew: false };
}

export async function findAccount(pool: Pool, id: string): Promise<Account | undefined> {
  const [row] = await pool.rows(sql.type(accountRow)`select ${columns} from accounts where id = ${id}`);
  return row === undefined ? undefined : toAccount(row);
}

/** Only from `version`, where one is given; undefined when the account has another by now. */
export async function setAccountStatus(
  pool: Pool,
  { id, status, version }: { id: string; status: AccountStatus; version: number | undefined },
): Promise<Account | undefined> {
  const fromVersion = version === undefined ? sql.fragment`` : sql.fragment`and version = ${version}`;
  const [row] = await pool.rows(sql.type(accountRow)`
    update accounts set status = ${status}, version = version + 1, updated_at = now()
    where id = ${id} ${fromVersion}
    returning ${columns}`);
  return row === undefined ? undefined : toAccount(row);
}

/** Newest first, at most `limit`. */
export async function listAccounts(
  pool: Pool,
  { owner, from, limit }: { owner: string; from?: Position | undefined; limit: number },
): Promise<Account[]> {
  const rows = await pool.rows(sql.type(accountRow)`
    with page as (
      select ${columns} from accounts where owner = ${owner} ${beyond(from)} ${inDirection(from)} limit ${limit}
    )
    select ${columns} from page order by id desc`);
  return rows.map(toAccount);
}
