import { readFileSync } from 'node:fs';
import { type Api, createApi } from './api.ts';
import { say } from './output.ts';
import type { Settings } from './settings.ts';
import {
  type Page,
  type Replays,
  type Stats,
  showPage,
  showReplays,
  showStats,
} from './show-dead-letters.ts';

type Given = Partial<Record<string, string>>;
type Verb = { takes: readonly string[]; run: (api: Api, given: Given) => Promise<void> };

const FILTERS = ['class', 'topic', 'group', 'event_id', 'key', 'from', 'to', 'limit', 'cursor'];

const VERBS: Record<string, Verb> = {
  list: { takes: FILTERS, run: list },
  show: { takes: ['id'], run: show },
  stats: { takes: [], run: stats },
  replay: { takes: ['ids', 'file', 'dry_run'], run: replay },
  'replay-range': { takes: ['from', 'to', 'max', 'cursor', 'dry_run'], run: replayRange },
};

/** `list class=parse`, `show id=…`, `stats`, `replay ids=…,…`, `replay-range from=… to=…`, on the API of the running stack. */
export async function deadLetters(settings: Settings, [name = 'list', ...args]: string[]): Promise<void> {
  const verb = VERBS[name];
  if (verb === undefined) throw new Error(`${name} is not one of ${Object.keys(VERBS).join(', ')}`);
  const given = Object.fromEntries(args.map((arg) => [arg.split('=')[0], arg.slice(arg.indexOf('=') + 1)]));
  const stray = Object.keys(given).find((one) => !verb.takes.includes(one));
  if (stray !== undefined)
    throw new Error(`do=${name} takes no ${stray}; it takes ${verb.takes.join(', ') || 'nothing'}`);
  await verb.run(createApi(settings), given);
}

async function list(api: Api, given: Given): Promise<void> {
  showPage(await api<Page>(`/v1/dlq/messages?${new URLSearchParams(defined(given))}`));
}

async function show(api: Api, { id }: Given): Promise<void> {
  if (id === undefined) throw new Error('say which: make dlq do=show id=<id from make dlq>');
  say(JSON.stringify(await api(`/v1/dlq/messages/${encodeURIComponent(id)}`), null, 2));
}

async function stats(api: Api): Promise<void> {
  showStats(await api<Stats>('/v1/dlq/stats'));
}

async function replay(api: Api, { ids = '', file, dry_run }: Given): Promise<void> {
  const names = ids.split(',').filter((name) => name !== '');
  if (names.length === 0) throw new Error('say which: make dlq do=replay ids=<id or event id>,<another>');
  if (file !== undefined && names.length > 1)
    throw new Error('one file is the new value of one record; name one in ids=');
  const value = file === undefined ? undefined : readValue(file);
  const edits = value && { edits: Object.fromEntries(names.map((name) => [name, value])) };
  showReplays(await api<Replays>('/v1/dlq/replay', { event_ids: names, dry_run: isDry(dry_run), ...edits }));
}

async function replayRange(api: Api, { from, to, max, cursor, dry_run }: Given): Promise<void> {
  if (from === undefined || to === undefined)
    throw new Error(
      'say of what time: make dlq do=replay-range from=2026-01-01T00:00:00Z to=2026-01-02T00:00:00Z',
    );
  const most = max === undefined ? {} : { max_messages: Number(max) };
  showReplays(
    await api<Replays>('/v1/dlq/replay/batch', {
      start_time: from,
      end_time: to,
      dry_run: isDry(dry_run),
      ...most,
      ...(cursor && { cursor }),
    }),
  );
}

function isDry(text = 'false'): boolean {
  if (!['true', 'false'].includes(text)) throw new Error(`dry_run=${text} is neither true nor false`);
  return text === 'true';
}

function readValue(file: string): { value: unknown } {
  try {
    return { value: JSON.parse(readFileSync(file, 'utf8')) };
  } catch (cause) {
    throw new Error(`${file} cannot be read as JSON; write the new value of the record into it`, { cause });
  }
}

function defined(given: Given): Record<string, string> {
  return Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}
