import { type Circumstances, isDurable } from '../measure/machine.ts';
import { type Bar, isVoid, type Part, type Row, verdict } from '../rows.ts';

export interface Run {
  readonly mode: string;
  readonly date: string;
  readonly commit: string;
  readonly tookSeconds: number;
  readonly circumstances: Circumstances;
  readonly parts: readonly Part[];
}

export function renderText(run: Run): string {
  const { circumstances, parts } = run;
  const settings = Object.entries(circumstances.settings).map(([name, value]) => `${name}: ${value}`);
  return [
    `${run.mode}, ${run.date}, commit ${run.commit}, ${Math.round(run.tookSeconds)} s`,
    `${circumstances.cores} × ${circumstances.cpu}, ${circumstances.memoryGiB} GiB, Node ${circumstances.node}`,
    ...(isDurable(circumstances) ? [] : ['NOT DURABLE: a setting below buys speed with safety']),
    settings.join(' · '),
    '',
    line(['', 'ratio', 'from', 'to', 'bar', 'stretch', '']),
    ...parts.flatMap(renderPart),
    '',
  ].join('\n');
}

function renderPart(part: Part): string[] {
  const { control, rows, notes } = part;
  const note = control && `the baseline ÷ itself: ${control.pairs.map((pair) => pair.toFixed(3)).join(' ')}`;
  return [
    '',
    ...rows.map(renderRow),
    ...(isVoid(part)
      ? ['  VOID: the machine was too noisy, its baseline differs from itself; run again']
      : []),
    ...[...notes, ...(note ? [note] : [])].map((text) => `    ${text}`),
  ];
}

function renderRow(row: Row): string {
  const { ratio, question, bar } = row;
  const figures = [ratio.median, ratio.low, ratio.high].map((value) => value.toFixed(3));
  return line([question, ...figures, ...limits(bar), verdict(row)]);
}

function limits(bar: Bar | undefined): [string, string] {
  if (bar === undefined) return ['–', '–'];
  if ('exactly' in bar) return [`= ${bar.exactly}`, '–'];
  const [sign, limit] = 'least' in bar ? ['≥', bar.least] : ['≤', bar.most];
  return [`${sign} ${limit}`, bar.stretch === undefined ? '–' : `${sign} ${bar.stretch}`];
}

const widths = [86, 8, 8, 8, 8, 8, 8];

function line(cells: readonly string[]): string {
  return cells
    .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)))
    .join(' ')
    .trimEnd();
}
