/** One thing that a side other than the subject itself knows of it. */
export type Fact =
  | { readonly side: 'capture'; readonly cents: number; readonly currency: string }
  | { readonly side: 'refund'; readonly cents: number }
  /** Of an order where nothing is said. */
  | { readonly side: 'run'; readonly of?: 'transaction' }
  | { readonly side: 'event'; readonly type: string };

export type Finding = readonly [kind: string, detail: Readonly<Record<string, unknown>>];

export function bySide(facts: readonly Fact[]) {
  return {
    captures: facts.filter((fact) => fact.side === 'capture'),
    refunds: facts.filter((fact) => fact.side === 'refund'),
    runs: facts.filter((fact) => fact.side === 'run'),
    events: facts.filter((fact) => fact.side === 'event'),
  };
}

export function* ofRuns(
  { status, isFinal }: { status: string; isFinal: boolean },
  facts: readonly Fact[],
): Generator<Finding> {
  const { runs } = bySide(facts);
  if (isFinal && runs.length > 0) yield ['run_still_open', { status }];
  if (!isFinal && runs.length === 0) yield ['no_run', { status }];
}

interface Told {
  readonly noun: 'order' | 'transaction';
  readonly status: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** The event that tells of such an end; undefined while there is none. */
  readonly expected: string | undefined;
}

/** `since`: events of before are no longer on the topics; null when all are. */
export function* ofEvents(
  { noun, status, createdAt, updatedAt, expected }: Told,
  facts: readonly Fact[],
  since: Date | null,
): Generator<Finding> {
  const created = `${noun}.created`;
  const types = bySide(facts).events.map(({ type }) => type);
  const told = types.filter((type) => type !== created);
  if (!types.includes(created) && isKept(createdAt, since)) yield ['created_event_missing', { status }];
  if (told.length > 1) yield ['two_terminal_events', { status, events: told }];
  else if (told.length === 1 && told[0] !== expected)
    yield [`event_contradicts_${noun}`, { status, events: told }];
  else if (told.length === 0 && expected !== undefined && isKept(updatedAt, since))
    yield ['terminal_event_missing', { status, expected }];
}

const isKept = (time: Date, since: Date | null): boolean => since === null || time > since;
