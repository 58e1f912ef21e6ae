/** A message to the world about one subject, such as an order; it leaves through the outbox and its id is fixed here. */
export interface DomainEvent<Type extends string = string> {
  readonly id: string;
  readonly type: Type;
  /** The subject's id: its events share a partition and keep their order. */
  readonly key: string;
  readonly time: Date;
  readonly body: Readonly<Record<string, unknown>>;
}
