export const accountStatuses = ['ACTIVE', 'SUSPENDED'] as const;
export type AccountStatus = (typeof accountStatuses)[number];

/** Somebody's money in one currency; never below zero. */
export interface Account {
  readonly id: string;
  /** Who opened it and alone may see and use it. */
  readonly owner: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly balanceCents: number;
  /** A suspended one neither gives nor takes. */
  readonly status: AccountStatus;
  /** Rises by one with every change; the ETag. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
