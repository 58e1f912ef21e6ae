import { type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import type { Posting } from '../ledger/posting.ts';
import type { Pool } from './pool.ts';

/** Writes the postings for as many rows as `subjects` holds: none, when the change that they book did not happen. */
export function post(postings: readonly Posting[], subjects: FragmentSqlToken): FragmentSqlToken {
  const lines = postings.flatMap(({ kind, lines }) =>
    lines.map(({ account, cents }) => [kind, account, cents]),
  );
  return sql.fragment`
    insert into entries (subject_id, kind, account, currency, amount_cents, at)
    select id, line.kind, line.account, currency, line.cents, updated_at
    from ${subjects}, ${sql.unnest(lines, ['text', 'text', 'int8'])} as line (kind, account, cents)`;
}

const totalRow = z.object({
  currency: z.string(),
  customers: z.string(),
  merchants: z.string(),
  house: z.string(),
  balances: z.string(),
});
const differenceRow = z.object({ account_id: z.string(), balance: z.string(), entries: z.string() });

/** Cents as decimal text: sums may lie beyond what a number holds exactly. */
export interface TrialBalance {
  readonly totals: readonly z.output<typeof totalRow>[];
  /** Accounts whose balance is not the sum of their entries, up to 100. */
  readonly differences: readonly z.output<typeof differenceRow>[];
}

const answerRow = z.object({ totals: z.array(totalRow), differences: z.array(differenceRow) });

/** All of the book added up, and compared with the balances, as it is at one moment; 5 s are enough for some million entries. */
export async function readTrialBalance(pool: Pool): Promise<TrialBalance> {
  const [answer] = await pool.rows(sql.type(answerRow)`
    with by_account as materialized (
      select account, currency, sum(amount_cents) as cents from entries group by account, currency
    ), held as materialized (
      select accounts.id, accounts.currency, balance_cents, coalesce(cents, 0) as cents
      from accounts left join by_account
        on account = 'customer:' || accounts.id and by_account.currency = accounts.currency
    ), by_currency as (
      select
        currency,
        coalesce(sum(cents) filter (where account like 'customer:%'), 0) as customers,
        coalesce(sum(cents) filter (where account like 'merchant:%'), 0) as merchants,
        coalesce(sum(cents) filter (where account like 'house:%'), 0) as house,
        coalesce((select sum(balance_cents) from held where held.currency = by_account.currency), 0) as balances
      from by_account group by currency
    )
    select
      coalesce((
        select jsonb_agg(jsonb_build_object(
          'currency', currency, 'customers', customers::text, 'merchants', merchants::text,
          'house', house::text, 'balances', balances::text
        ) order by currency) from by_currency
      ), '[]') as totals,
      coalesce((
        select jsonb_agg(jsonb_build_object('account_id', id, 'balance', balance_cents::text, 'entries', cents::text))
        from (select * from held where balance_cents <> cents order by id limit 100) as differing
      ), '[]') as differences`);
  return answer ?? { totals: [], differences: [] };
}
