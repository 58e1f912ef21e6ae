import { z } from 'zod';
import { accountStatuses } from '../ledger/account.ts';
import { transactionTypes } from '../ledger/transaction.ts';
import { cents, currency } from './schemas.ts';

export const newAccount = z.strictObject({ currency }).meta({ id: 'NewAccount' });

export const accountChange = z
  .strictObject({ status: z.enum(accountStatuses, `must be ${accountStatuses.join(' or ')}`) })
  .meta({ id: 'AccountChange' });

// One spelling for each account: an Idempotency-Key belongs to it.
const accountId = z.uuid('must be a UUID').toLowerCase();

export const newTransaction = z
  .strictObject({
    account_id: accountId,
    type: z
      .enum(transactionTypes, `must be ${transactionTypes.join(' or ')}`)
      .meta({ description: 'DEBIT takes from the account, CREDIT gives to it' }),
    amount_cents: cents.min(1, 'must be above 0'),
    currency,
    counter_account_id: accountId.nullish().meta({
      description:
        'Another account of yours, which the money comes from or goes to; without it, it is the house',
    }),
  })
  .refine(({ account_id, counter_account_id }) => account_id !== counter_account_id, {
    path: ['counter_account_id'],
    message: 'must be another account than account_id; leave it out for the house',
  })
  .meta({ id: 'NewTransaction' });
