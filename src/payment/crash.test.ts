import { type ChargeOutcome, createPaymentClient, type PaymentClient } from './client.ts';
import { openLedger } from './ledger.ts';
import { spawnService, temporaryLedger } from './service.fixture.ts';

const { signal } = new AbortController();
const concurrency = 20;

test('kill -9 under load loses no answered charge and charges no key twice', async () => {
  using place = temporaryLedger();
  const book = new Map<string, string>();
  const keys: string[] = [];
  const unanswered: string[] = [];

  for (let kills = 0; kills < 6; kills += 1) {
    await using service = await spawnService(place.file);
    const client = patientClient(service.url);
    const target = book.size + 150 + kills * 37;
    const next = () => unanswered.pop() ?? `key-${keys.push('') - 1}`;
    let killed: Promise<void> | undefined;
    const load = async () => {
      while (killed === undefined) {
        const key = next();
        try {
          note(book, key, await charge(client, key));
        } catch {
          unanswered.push(key);
          // Without this, a service that fails by itself would be asked for ever.
          if (killed === undefined)
            throw new Error('The service failed before it was killed; run it alone to see why.');
        }
        // With 19 requests on their way, at whatever point each of them is.
        if (book.size >= target) killed ??= service.kill();
      }
    };
    await Promise.all(Array.from({ length: concurrency }, load));
    await killed;
  }
  expect(unanswered.length).toBeGreaterThan(0);

  await using service = await spawnService(place.file);
  const client = patientClient(service.url);
  for (let number = 0; number < keys.length; number += 1) {
    note(book, `key-${number}`, await charge(client, `key-${number}`));
  }
  await service.kill();
  expect(captures(place.file)).toEqual(new Map([...book].sort()));
});

test('two processes on one file charge each key once', async () => {
  using place = temporaryLedger();
  await using left = await spawnService(place.file);
  await using right = await spawnService(place.file);
  const clients = [left, right].map(({ url }) => patientClient(url));
  const book = new Map<string, string>();
  await Promise.all(
    Array.from({ length: concurrency }, async (_, lane) => {
      for (let number = lane; number < 400; number += concurrency) {
        const outcomes = await Promise.all(clients.map((client) => charge(client, `key-${number}`)));
        for (const outcome of outcomes) note(book, `key-${number}`, outcome);
      }
    }),
  );
  await left.kill();
  await right.kill();
  expect(captures(place.file)).toEqual(new Map([...book].sort()));
});

/** Synced charges may take longer than an attempt's budget where the disk is shared. */
function patientClient(url: string): PaymentClient {
  return createPaymentClient({ url, budgetMs: 10_000 });
}

function charge(client: PaymentClient, key: string): Promise<ChargeOutcome> {
  return client.charge({ key, orderId: key, merchantId: null, amountCents: 100, currency: 'EUR' }, signal);
}

/** Every answer for a key must name the same charge. */
function note(book: Map<string, string>, key: string, answer: ChargeOutcome): void {
  const chargeId = answer.outcome === 'captured' ? answer.chargeId : answer.outcome;
  if ((book.get(key) ?? chargeId) !== chargeId) throw new Error(`${key} was charged twice`);
  book.set(key, chargeId);
}

/** Charge by key, as it is on disk. */
function captures(file: string): Map<string, string> {
  using ledger = openLedger(file);
  const entries = ledger.movements({ after: 0, limit: 1_000_000 });
  const byKey = new Map(entries.map(({ key, id }) => [key, id] as const).sort());
  if (byKey.size !== entries.length) throw new Error('a key is in the ledger twice');
  return byKey;
}
