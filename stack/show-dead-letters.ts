import { bold, dim, oneLine, say, table } from './output.ts';

// Answers of the API, as far as they are shown.

type Letter = {
  id: string;
  class: string;
  reason: string;
  attempts: number;
  at: string;
  event_id: string | null;
  replays: number;
  is_waiting: boolean;
};
export type Page = { items: Letter[]; next: string | null };
export type Stats = {
  letters: number;
  oldest: string | null;
  newest: string | null;
  replays_waiting: number;
} & Record<'by_class' | 'by_topic' | 'by_group', Record<string, number>>;
export type Replays = {
  dry_run: boolean;
  results: { asked: string; id: string | null; outcome: string; detail: string }[];
  totals: Record<string, number>;
  next?: string | null;
};

export function showPage(page: Page): void {
  if (page.items.length === 0) say('  no dead letters');
  else
    table([
      ['at', 'class', 'tries', 'replays', 'id', 'event', 'reason'],
      ...page.items.map((letter) => [
        letter.at,
        letter.class,
        String(letter.attempts),
        `${letter.replays}${letter.is_waiting ? ', waits' : ''}`,
        letter.id,
        oneLine(letter.event_id ?? '-'),
        oneLine(letter.reason),
      ]),
    ]);
  if (page.next !== null) say(dim(`  more: make dlq cursor=${page.next}`));
}

export function showStats(found: Stats): void {
  say(bold(`${found.letters} dead letters, ${found.replays_waiting} replays wait`));
  table([
    ['oldest', found.oldest ?? '-'],
    ['newest', found.newest ?? '-'],
    ...(['class', 'topic', 'group'] as const).flatMap((what) =>
      Object.entries(found[`by_${what}`]).map(([name, letters]) => [`${what} ${name}`, String(letters)]),
    ),
  ]);
}

export function showReplays({ dry_run, results, totals, next }: Replays): void {
  const counted = Object.entries(totals).map(([outcome, letters]) => `${letters} ${outcome}`);
  say(bold(`${dry_run ? 'dry run, nothing is done: ' : ''}${counted.join(', ') || 'no dead letters'}`));
  table(results.map(({ asked, id, outcome, detail }) => [outcome, id ?? asked, dim(detail)]));
  if (next) say(dim(`  more: the same with cursor=${next}`));
}
