/** What everything has that a client asks for and a run carries out, such as an order. */
export interface Subject {
  readonly id: string;
  /** Who asked for it and alone may see it. */
  readonly owner: string;
  /** Rises by one with every change; the ETag. */
  readonly version: number;
  readonly traceId: string | null;
  /** Of the request that asked for it; every event of it carries it. */
  readonly correlationId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
