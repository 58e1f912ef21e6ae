import type { Ratio } from './measure/statistics.ts';

/** What a row is held to. `least` and `most` are the bar; a stretch is in the same direction. */
export type Bar =
  | { readonly least: number; readonly stretch?: number }
  | { readonly most: number; readonly stretch?: number }
  | { readonly exactly: number };

export interface Row {
  readonly id: string;
  readonly question: string;
  readonly ratio: Ratio;
  /** None where a figure is only reported. */
  readonly bar?: Bar;
}

export type Verdict = 'pass' | 'stretch' | 'FAIL' | 'report';

export interface Part {
  readonly name: string;
  readonly rows: readonly Row[];
  /** Lines of context, absolute figures among them: they hold for this machine and this minute. */
  readonly notes: readonly string[];
  /** The baseline against itself; outside 0.95–1.05 the part says nothing. */
  readonly control?: Ratio;
  /** For the pictures. */
  readonly figures?: Readonly<Record<string, unknown>>;
}

const tolerated = { low: 0.95, high: 1.05 };

export function isVoid({ control }: Part): boolean {
  return control !== undefined && (control.median < tolerated.low || control.median > tolerated.high);
}

/** The whole interval must lie on the right side. */
export function verdict({ ratio, bar }: Row): Verdict {
  if (bar === undefined) return 'report';
  if ('exactly' in bar) return ratio.low === bar.exactly && ratio.high === bar.exactly ? 'pass' : 'FAIL';
  const holds = (limit: number): boolean => ('least' in bar ? ratio.low >= limit : ratio.high <= limit);
  if (bar.stretch !== undefined && holds(bar.stretch)) return 'stretch';
  return holds('least' in bar ? bar.least : bar.most) ? 'pass' : 'FAIL';
}
