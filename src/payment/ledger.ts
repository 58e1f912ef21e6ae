import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Entry, entrySchema, type NewEntry } from './entry.ts';
import { LedgerVersionError } from './refusals.ts';

/** The provider's book: append only, one file. All of its calls are synchronous; only `append` writes. */
export interface Ledger extends Disposable {
  /** What `work` appends is on disk when this returns, or not in the ledger at all when it throws. */
  transaction<T>(work: () => T): T;
  append(entry: NewEntry): Entry;
  byKey(key: string): Entry | undefined;
  byId(id: string): Entry | undefined;
  /** Oldest first. */
  byOrder(orderId: string): Entry[];
  refundedCents(chargeId: string): number;
  /** Captures and refunds after `seq`, oldest first. */
  movements(page: { after: number; limit: number }): Entry[];
}

// Another process on the same file holds the lock for one commit (0.3 ms); a wait this long means that it is stuck.
const lockTimeoutMs = 2_000;

/** Position n brings a file from version n to n + 1; what is here has been written to disks and never changes. */
const versions = [
  `
  create table entry (
    seq integer primary key,
    id text not null unique,
    kind text not null check (kind in ('capture', 'decline', 'refund')),
    key text not null unique,
    fingerprint text not null,
    order_id text not null,
    charge_id text references entry (id),
    merchant_id text,
    amount_cents integer not null check (amount_cents > 0),
    currency text not null,
    created_at text not null,
    check ((kind = 'refund') = (charge_id is not null))
  ) strict;
  -- byOrder
  create index entry_by_order on entry (order_id);
  -- refundedCents
  create index refund_by_charge on entry (charge_id) where kind = 'refund';
  `,
];

const columns = `
  seq, id, kind, key, fingerprint, order_id as "orderId", charge_id as "chargeId", merchant_id as "merchantId",
  amount_cents as "amountCents", currency, created_at as "createdAt"
`;

export function openLedger(file: string): Ledger {
  mkdirSync(dirname(file), { recursive: true });
  const db = new DatabaseSync(file, { timeout: lockTimeoutMs });
  try {
    useWriteAheadLog(db);
    db.exec('pragma synchronous = full');
    transaction(db, () => upgrade(db, file));
    return ledgerOn(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

function ledgerOn(db: DatabaseSync): Ledger {
  const insert = db.prepare(`
    insert into entry (id, kind, key, fingerprint, order_id, charge_id, merchant_id, amount_cents, currency, created_at)
    values (:id, :kind, :key, :fingerprint, :orderId, :chargeId, :merchantId, :amountCents, :currency, :createdAt)
    returning ${columns}
  `);
  const selectByKey = db.prepare(`select ${columns} from entry where key = ?`);
  const selectById = db.prepare(`select ${columns} from entry where id = ?`);
  const selectByOrder = db.prepare(`select ${columns} from entry where order_id = ? order by seq`);
  const sumRefunds = db.prepare(`
    select coalesce(sum(amount_cents), 0) as cents from entry where charge_id = ? and kind = 'refund'
  `);
  const selectMovements = db.prepare(`
    select ${columns} from entry where seq > ? and kind in ('capture', 'refund') order by seq limit ?
  `);
  const one = (row: unknown) => (row === undefined ? undefined : entrySchema.parse(row));
  const many = (rows: unknown[]) => rows.map((row) => entrySchema.parse(row));
  return {
    transaction: (work) => transaction(db, work),
    append: (entry) => {
      // A full disk rolls the whole transaction back under our feet; each later insert would then commit on its own.
      if (!db.isTransaction)
        throw new Error('The ledger is written within a transaction only; open one first.');
      return entrySchema.parse(insert.get({ ...entry, createdAt: new Date().toISOString() }));
    },
    byKey: (key) => one(selectByKey.get(key)),
    byId: (id) => one(selectById.get(id)),
    byOrder: (orderId) => many(selectByOrder.all(orderId)),
    refundedCents: (chargeId) => Number(sumRefunds.get(chargeId)?.cents),
    movements: ({ after, limit }) => many(selectMovements.all(after, limit)),
    [Symbol.dispose]: () => db.close(),
  };
}

/** Immediate: the lock is taken before the first read, so no other process decides on the same key meanwhile. */
function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('begin immediate');
  try {
    const result = work();
    db.exec('commit');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

/** Two first starts at once: this switch fails at a lock (2 of 50 measured) where an empty transaction waits for it. */
function useWriteAheadLog(db: DatabaseSync): void {
  for (let tries = 1; ; tries += 1) {
    try {
      db.exec('pragma journal_mode = wal');
      return;
    } catch (error) {
      if (tries === 5) throw error;
      transaction(db, () => undefined);
    }
  }
}

function upgrade(db: DatabaseSync, file: string): void {
  const version = Number(db.prepare('pragma user_version').get()?.user_version);
  if (version > versions.length) throw new LedgerVersionError(file, version);
  for (const sql of versions.slice(version)) {
    db.exec(sql);
  }
  db.exec(`pragma user_version = ${versions.length}`);
}
