import { setTimeout as sleep } from 'node:timers/promises';
import { addresses } from './environment.ts';
import { bold, dim, green, say } from './output.ts';
import { get, post } from './rest.ts';
import type { Settings } from './settings.ts';

type Account = { id: string; currency: string; balance_cents: number };
type Transaction = { id: string; status: string; failure_reason: string | null };
type NewTransaction = {
  account_id: string;
  counter_account_id?: string;
  type: 'DEBIT' | 'CREDIT';
  amount_cents: number;
  currency: string;
};

const OPENING = [
  { currency: 'USD', cents: 100_000 },
  { currency: 'USD', cents: 25_000 },
  { currency: 'EUR', cents: 50_000 },
  { currency: 'EUR', cents: 0 },
];
const WITHIN_MS = 60_000;

/** Four accounts with balances; once more it finds them again, for as long as keys are kept. */
export async function seed(settings: Settings): Promise<Account[]> {
  const { API_URL = '' } = addresses(settings);
  say(bold(`POST ${API_URL}/v1/accounts, and a credit for each`));
  const accounts = [];
  for (const [index, { currency, cents }] of OPENING.entries()) {
    const key = `seed-${index}`;
    const { id } = await post<Account>(`${API_URL}/v1/accounts`, { body: { currency }, key, status: 201 });
    if (cents > 0)
      await settle(API_URL, { account_id: id, type: 'CREDIT', amount_cents: cents, currency }, key);
    const account: Account = JSON.parse(await get(`${API_URL}/v1/accounts/${id}`));
    say(`  ${id}  ${account.currency}  ${green(String(account.balance_cents))} ${dim('cents')}`);
    accounts.push(account);
  }
  return accounts;
}

/** Money paid in, moved, refused and paid out through the whole pipeline, and the book checked afterwards. */
export async function moveMoney(settings: Settings, run: string): Promise<void> {
  const { API_URL = '' } = addresses(settings);
  const open = (which: string) =>
    post<Account>(`${API_URL}/v1/accounts`, {
      body: { currency: 'EUR' },
      key: `${run}-${which}`,
      status: 201,
    });
  const [one, other] = [await open('one'), await open('other')];
  const steps: [expected: string, transaction: Omit<NewTransaction, 'currency'>][] = [
    ['PROCESSED', { account_id: one.id, type: 'CREDIT', amount_cents: 5_000 }],
    ['PROCESSED', { account_id: one.id, counter_account_id: other.id, type: 'DEBIT', amount_cents: 1_500 }],
    ['insufficient_funds', { account_id: other.id, type: 'DEBIT', amount_cents: 1_501 }],
    ['PROCESSED', { account_id: other.id, type: 'DEBIT', amount_cents: 500 }],
  ];
  say(bold(`POST ${API_URL}/v1/transactions: paid in, moved, refused, paid out`));
  for (const [index, [expected, transaction]] of steps.entries()) {
    const { status, failure_reason } = await settle(
      API_URL,
      { ...transaction, currency: 'EUR' },
      `${run}-${index}`,
    );
    expect(`transaction ${index + 1}`, failure_reason ?? status, expected);
  }
  for (const [{ id }, cents] of [
    [one, 3_500],
    [other, 1_000],
  ] as const) {
    const account: Account = JSON.parse(await get(`${API_URL}/v1/accounts/${id}`));
    expect(`balance of ${id}`, account.balance_cents, cents);
  }
  const { differences } = JSON.parse(await get(`${API_URL}/v1/admin/ledger`));
  expect('balances that are not the sum of their entries', differences.length, 0);
}

function expect(what: string, seen: unknown, wanted: unknown): void {
  if (seen !== wanted) throw new Error(`${what}: ${seen} instead of ${wanted}; \`make logs\` shows why`);
  say(`  ${what}: ${green(String(seen))}`);
}

async function settle(api: string, transaction: NewTransaction, key: string): Promise<Transaction> {
  const { id } = await post<Transaction>(`${api}/v1/transactions`, { body: transaction, key, status: 202 });
  const started = Date.now();
  while (Date.now() - started < WITHIN_MS) {
    const now: Transaction = JSON.parse(await get(`${api}/v1/transactions/${id}`));
    if (now.status === 'PROCESSED' || now.status === 'FAILED') return now;
    await sleep(20);
  }
  throw new Error(
    `transaction ${id} is not settled after ${WITHIN_MS / 1000} s; \`make ps\` shows what runs`,
  );
}
