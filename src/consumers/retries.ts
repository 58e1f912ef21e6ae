import { createHash } from 'node:crypto';
import { recordsWaiting } from '../facts-events.ts';
import type { Pool } from '../store/pool.ts';
import { joinWaiting, keepWaiting, mostKeys, readWaiting } from '../store/waiting-records.ts';
import type { Copies, Received } from './copies.ts';
import { toStored, valuesOf } from './headers.ts';
import { retryHeaders } from './retry-headers.ts';

export interface RetrySettings {
  readonly maxAttempts: number;
  readonly initialMs: number;
  readonly maxMs: number;
}

export interface RetriesDeps {
  readonly pool: Pool;
  readonly group: string;
  readonly topic: string;
  readonly copies: Copies;
  readonly settings: RetrySettings;
}

export interface Retries {
  /** True when an earlier record of its key waits: it has been put behind that one. */
  joins(received: Received): Promise<boolean>;
  /** Resolves when it is certain that it will be tried again after its first attempt failed. */
  defer(received: Received, reason: string): Promise<void>;
  /** Until the next record can be tried; null when none waits. Looks at Postgres, and remembers which keys wait. */
  nextDueMs(): Promise<number | null>;
  /** The partitions may be others now. */
  forget(): void;
}

/**
 * A record that failed leaves its partition for the topic of retries, and its key's later ones follow it: first a row in
 * Postgres that holds the key, then the record. Which keys wait is remembered here, rather a key too many than one too few:
 * a partition's records have one consumer at a time, so keys begin to wait in this process, or before it had the partition.
 */
export function createRetries({ pool, group, topic, copies, settings }: RetriesDeps): Retries {
  let remembered: Promise<{ mayWait: (key: Buffer) => boolean; dueMs: number | null }> | undefined;
  const forget = (): void => {
    remembered = undefined;
  };
  const look = () => {
    const looking = readWaiting(pool, group).then(({ waiting, keys, due_ms: dueMs }) => {
      recordsWaiting({ group, count: waiting });
      const hashes = new Set(keys);
      const mayWait = (key: Buffer) => hashes.size > mostKeys || (hashes.size > 0 && hashes.has(hashOf(key)));
      return { mayWait, dueMs };
    });
    looking.catch(() => {
      if (remembered === looking) forget();
    });
    remembered = looking;
    return looking;
  };
  const handOver = (received: Received, attempts: number, reason: string) =>
    copies.send(topic, received, retryHeaders(received, { group, attempts, reason }));
  return {
    async joins(received) {
      const { key } = received.message;
      const { mayWait } = await (remembered ?? look());
      if (key === null || !mayWait(key)) return false;
      const reason = 'waits behind an earlier record of its key';
      const attempts = await joinWaiting(pool, group, { ...rowOf(received), attempts: 0, reason, dueMs: 0 });
      if (attempts === undefined) return false;
      await handOver(received, attempts, reason);
      return true;
    },
    async defer(received, reason) {
      await keepWaiting(pool, group, {
        ...rowOf(received),
        attempts: 1,
        reason,
        dueMs: backoffMs(settings, 1),
      });
      forget();
      await handOver(received, 1, reason);
    },
    nextDueMs: async () => (await look()).dueMs,
    forget,
  };
}

function rowOf({ message: { key, value, headers, offset }, topic, partition }: Received) {
  return { topic, partition, offset, key, value, headers: toStored(valuesOf(headers)) };
}

const jitter = 0.3;

/** Before the attempt after `attempts` failed ones. */
export function backoffMs({ initialMs, maxMs }: RetrySettings, attempts: number): number {
  return Math.min(initialMs * 2 ** (attempts - 1), maxMs) * (1 - jitter + 2 * jitter * Math.random());
}

function hashOf(key: Buffer): string {
  return createHash('sha256').update(key).digest('hex');
}
