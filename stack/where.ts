import { type Api, createApi } from './api.ts';
import { addresses } from './environment.ts';
import { bold, dim, green, oneLine, red, say, table } from './output.ts';
import type { Settings } from './settings.ts';
import { readTable } from './table.ts';

// Answers of the API and of /readyz, as far as they are shown.

type Subject = { id: string; status: string; trace_id: string | null; cancel_requested_at?: string | null };
type Timeline = {
  items: { at: string; step: string; detail: Record<string, unknown> }[];
  last_failed_attempt: {
    step: string;
    attempt: number;
    error: string;
    at: string;
    next_attempt_at: string | null;
  } | null;
};
type Readiness = { checks: Record<string, { status: string; reason?: string }> };

// A check of /readyz ends within 2 s, figures that are asked for likewise; beyond that a process hangs.
const PATIENCE_MS = 5_000;

const FINAL = ['completed', 'failed', 'canceled', 'PROCESSED', 'FAILED'];

/** Where an order or a transaction is and why: its steps, what it waits for, and where to look on. */
export async function where(settings: Settings, [id = '']: string[]): Promise<void> {
  if (!/^[0-9a-f-]{36}$/i.test(id))
    throw new Error('say which: make where id=<an order’s or transaction’s id>');
  const api = createApi(settings);
  const { kind, subject } = await find(api, id);
  const timeline = await api<Timeline>(`/v1/${kind}s/${id}/timeline`);
  const isOver = FINAL.includes(subject.status);
  say(`${kind} ${id}: ${bold(subject.status)}${subject.cancel_requested_at ? ', to be canceled' : ''}`);
  table(timeline.items.map(({ at, step, detail }) => [at, step, dim(oneLine(shown(detail), 160))]));
  if (!isOver) {
    const reasons = [
      ...tried(timeline),
      ...(await troubles(settings)),
      ...(await backlog(settings, timeline)),
    ];
    say(bold('It waits'));
    for (const reason of reasons.length > 0 ? reasons : [green('for its turn: nothing is known to be wrong')])
      say(`  ${reason}`);
  }
  const { TEMPORAL_UI_URL = 'http://localhost:8233' } = addresses(settings);
  const namespace = settings.env.TEMPORAL_NAMESPACE || 'default';
  say(bold('Look on'));
  table([
    ['its run', `${TEMPORAL_UI_URL}/namespaces/${namespace}/workflows/${kind}-${id}`],
    ['its trace', subject.trace_id ?? 'none'],
    ['its log lines', `grep -h ${subject.trace_id ?? id} ${settings.home}/logs/*.log`],
  ]);
}

async function find(api: Api, id: string): Promise<{ kind: 'order' | 'transaction'; subject: Subject }> {
  try {
    return { kind: 'order', subject: await api<Subject>(`/v1/orders/${id}`) };
  } catch (noOrder) {
    const subject = await api<Subject>(`/v1/transactions/${id}`).catch(() => {
      throw noOrder;
    });
    return { kind: 'transaction', subject };
  }
}

/** The trace is named once, and the same for every step. */
function shown({ trace_id: _, ...detail }: Record<string, unknown>): string {
  return Object.keys(detail).length > 0 ? JSON.stringify(detail) : '';
}

function tried({ last_failed_attempt: last }: Timeline): string[] {
  if (last === null) return [];
  const next = last.next_attempt_at === null ? '' : `; tried again at ${last.next_attempt_at}`;
  return [
    red(`${last.step} failed ${last.attempt} times, last at ${last.at}: ${oneLine(last.error, 200)}${next}`),
  ];
}

/** What each process says that it lacks. */
async function troubles({ home }: Settings): Promise<string[]> {
  const specs = readTable(home).filter(({ roles }) => roles.length > 0);
  const said = await Promise.all(
    specs.map(async ({ name, ports }) => {
      try {
        const response = await ask(ports.METRICS_PORT, '/readyz');
        const { checks } = (await response.json()) as Readiness; // the contract of every process
        return Object.entries(checks).flatMap(([check, { status, reason }]) =>
          status === 'ok' ? [] : [red(`${name} lacks ${check}: ${reason}`)],
        );
      } catch {
        return [red(`${name} does not answer; \`make logs name=${name}\` says why`)];
      }
    }),
  );
  return said.flat();
}

function ask(port: number | undefined, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
}

/** Of one that no run has begun yet: what stands before it. */
async function backlog({ home }: Settings, { items }: Timeline): Promise<string[]> {
  if (items.length > 1) return [];
  const relay = readTable(home).find(({ roles }) => roles.includes('relay'));
  const figures =
    relay &&
    (await ask(relay.ports.METRICS_PORT, '/metrics').then(
      (response) => response.text(),
      () => undefined,
    ));
  if (figures === undefined) return [];
  // Absent while Postgres or Kafka does not answer: that is not 0.
  const unsent = /^outbox_unsent_rows (\d+)/m.exec(figures)?.[1] ?? 'nobody knows how many';
  const lags = [...figures.matchAll(/^kafka_consumer_lag\{([^}]*)\} (\d+)/gm)]
    .filter(([, labels = '']) => /topic="(order|transaction)\.created"/.test(labels))
    .map(([, , records]) => Number(records));
  const lag = lags.length > 0 ? lags.reduce((sum, records) => sum + records) : 'nobody knows how many';
  return [`${unsent} events wait in the outbox, ${lag} records on the topics for a bridge`];
}
