import { newId } from '../../src/core/id.ts';
import { startSweeper } from '../../src/keeper/sweeper.ts';
import { claimKey, claimKeyFor, KeyBusyError, sweepKeys } from '../../src/store/idempotency.ts';
import { databaseOfFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { memoryLog } from '../support/log.ts';
import { aClaim, placed } from '../support/orders.ts';

const { database, pool } = await databaseOfFile();

const keys = async () =>
  (await database.rows<{ key: string }>('select key from idempotency_keys')).map(({ key }) => key);

test('a key is kept for the first request, known to its repeats, refused to others', async () => {
  const claim = aClaim({ request: 'one' });
  expect(await claimKey(pool, claim)).toBe('first');
  expect(await claimKey(pool, claim)).toBe('again');
  expect(await claimKey(pool, aClaim({ key: claim.key, request: 'other' }))).toBe('reused');
  expect(await claimKey(pool, { ...claim, caller: 'somebody else' })).toBe('first');
});

test('a key keeps the id of what is made under it, until its time is over', async () => {
  const claim = aClaim({ request: 'one' });
  const [one, two] = [newId(), newId()];
  expect(await claimKeyFor(pool, claim, one)).toEqual({ outcome: 'first', subjectId: one });
  expect(await claimKeyFor(pool, claim, two)).toEqual({ outcome: 'again', subjectId: one });
  await database.rows('update idempotency_keys set expires_at = now() where key = $1', [claim.key]);
  expect(await claimKeyFor(pool, claim, two)).toEqual({ outcome: 'first', subjectId: two });
});

test('of 32 requests at once with one key one is the first', async () => {
  const claim = aClaim();
  const outcomes = await Promise.all(Array.from({ length: 32 }, () => claimKey(pool, claim)));
  expect(outcomes.filter((outcome) => outcome === 'first')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === 'again')).toHaveLength(31);
});

test('a key whose time is over belongs to the next request', async () => {
  const claim = aClaim({ request: 'one', ttlMs: -1_000 });
  await claimKey(pool, claim);
  expect(await claimKey(pool, aClaim({ key: claim.key, request: 'other' }))).toBe('first');
});

test('a key that another transaction is just claiming is busy after a second', async () => {
  const claim = aClaim();
  await database.rows('begin');
  await database.rows(
    `insert into idempotency_keys (caller, operation, key, fingerprint, expires_at) values ($1, $2, $3, '', now())`,
    [claim.caller, claim.operation, claim.key],
  );
  await expect(claimKey(pool, claim)).rejects.toBeInstanceOf(KeyBusyError);
  await database.rows('rollback');
  expect(await claimKey(pool, claim)).toBe('first');
});

test('a sweep forgets the keys whose time is over, a limited number at once, and no order', async () => {
  await database.rows('delete from idempotency_keys');
  const order = await placed(pool);
  const alive = await keys();
  for (let at = 0; at < 5; at += 1) await claimKey(pool, aClaim({ ttlMs: -1 }));
  expect(await sweepKeys(pool, 3)).toBe(3);
  expect(await sweepKeys(pool, 3)).toBe(2);
  expect(await sweepKeys(pool, 3)).toBe(0);
  expect(await keys()).toEqual(alive);
  expect(await database.rows('select from orders where id = $1', [order.id])).toHaveLength(1);
});

test('the sweeper sweeps by itself, all there is, and ends when it is told to', async () => {
  for (let at = 0; at < 3; at += 1) await claimKey(pool, aClaim({ ttlMs: -1 }));
  const alive = (await database.rows('select from idempotency_keys where expires_at > now()')).length;
  const { log, lines } = memoryLog();
  await using _sweeper = startSweeper({ pool, log, everyMs: 60_000 });
  await eventually(async () => expect(await keys()).toHaveLength(alive), 5_000);
  await eventually(
    async () => expect(lines.map(({ msg }) => msg)).toEqual(['expired idempotency keys forgotten']),
    5_000,
  );
});
