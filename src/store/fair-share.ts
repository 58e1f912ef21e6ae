import { outboxPartitions } from './outbox.ts';

export interface Standing {
  /** Of this relay among all, from 0. */
  readonly rank: number;
  readonly relays: number;
  /** Partitions of its own. */
  readonly held: readonly number[];
  /** Partitions of anybody, its own among them. */
  readonly taken: readonly number[];
}

export interface FairShare {
  readonly own: readonly number[];
  /** To be given back. */
  readonly surplus: readonly number[];
  /** Free, and as many as are missing. */
  readonly free: readonly number[];
}

/** As even as whole numbers allow: 6 partitions among 4 relays are 2, 2, 1 and 1, and none for a seventh relay. */
export function fairShare({ rank, relays, held, taken }: Standing): FairShare {
  const share = Math.max(0, Math.ceil((outboxPartitions - rank) / relays));
  const all = Array.from({ length: outboxPartitions }, (_, partition) => partition);
  const free = all.filter((partition) => !taken.includes(partition));
  return {
    own: held.slice(0, share),
    surplus: held.slice(share),
    free: free.slice(0, Math.max(0, share - held.length)),
  };
}
