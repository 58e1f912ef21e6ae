import { styleText } from 'node:util';

// styleText looks at NO_COLOR and at whether the stream is a terminal.
export const bold = (text: string) => styleText('bold', text);
export const dim = (text: string) => styleText('dim', text);
export const green = (text: string) => styleText('green', text);
export const red = (text: string) => styleText('red', text);

export function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

export function table(rows: string[][]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      cell.padEnd(column === row.length - 1 ? 0 : (widths[column] ?? 0)),
    );
    say(`  ${cells.join('  ')}`);
  }
}

/** Anybody may have written it: a terminal must not obey it. */
export function oneLine(text: string, most = 80): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').slice(0, most);
}

export type Progress = { done: (note: string) => void };

/** On a terminal one line that counts up; elsewhere a line at the start and one at the end. */
export function progress(label: string, measure: () => string): Progress {
  const started = Date.now();
  const elapsed = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  const terminal = process.stdout.isTTY;
  if (!terminal) say(`  ${label} …`);
  const rewrite = () => process.stdout.write(`\r\x1b[2K  ${label} … ${measure()} ${elapsed()}`);
  const timer = terminal ? setInterval(rewrite, 200) : undefined;
  return {
    done: (note) => {
      clearInterval(timer);
      say(`${terminal ? '\r\x1b[2K' : ''}  ${label}: ${note}, ${elapsed()}`);
    },
  };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
