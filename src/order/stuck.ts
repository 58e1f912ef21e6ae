/** Why somebody should look at an order: it will not go on by itself, or has not for longer than it should take. */
export const stuckReasons = [
  'event_unsent',
  'no_run',
  'no_order',
  'task_failing',
  'refund_failed',
  'cancel_waiting',
  'failure_waiting',
] as const;
export type StuckReason = (typeof stuckReasons)[number];

// The object has every reason, which its type cannot tell.
export const nothingStuck = Object.fromEntries(stuckReasons.map((reason) => [reason, 0])) as Readonly<
  Record<StuckReason, number>
>;

export interface StuckOrder {
  /** As the order, its event or its run has it: a run may name an order that never was. */
  readonly orderId: string;
  readonly reason: StuckReason;
  readonly since: Date;
  /** Whatever else is known of it; nothing personal in it. */
  readonly detail: Readonly<Record<string, unknown>>;
}
