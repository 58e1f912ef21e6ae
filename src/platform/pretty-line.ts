import { styleText } from 'node:util';
import { inertText } from './inert-text.ts';

type Style = Parameters<typeof styleText>[0];

const levels: Readonly<Record<number, readonly [string, Style]>> = {
  10: ['TRACE', 'dim'],
  20: ['DEBUG', 'dim'],
  30: ['INFO ', 'green'],
  40: ['WARN ', 'yellow'],
  50: ['ERROR', 'red'],
  60: ['FATAL', 'red'],
};
// In front already, below, or the same on every line of a machine.
const elsewhere = new Set(['v', 'level', 'time', 'name', 'service', 'hostname', 'pid', 'msg', 'err']);

/** A line of the log as a person reads it on a terminal, coloured unless NO_COLOR is set; any other text without colours of its own. */
export function prettyLine(line: string): string {
  const record = parsed(line);
  if (record === undefined) return oneLine(line);
  const { level, time, service, msg, err } = record;
  const [word, style] = levels[Number(level)] ?? ['?', 'dim'];
  const fields = Object.entries(record).filter(([name]) => !elsewhere.has(name));
  const parts = [
    styleText('dim', oneLine(String(time).slice(11))),
    styleText(style, word),
    oneLine(String(service)),
    styleText('bold', oneLine(String(msg))),
    ...fields.map(([name, value]) => `${styleText('dim', `${oneLine(name)}=`)}${shown(value)}`),
  ];
  return [parts.join(' '), ...toldBelow(err)].join('\n');
}

function parsed(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const record: unknown = JSON.parse(line);
    return typeof record === 'object' && record !== null && 'msg' in record ? { ...record } : undefined;
  } catch {
    return undefined;
  }
}

/** What begins a line of its own could pass for one of ours. */
function oneLine(text: string): string {
  return inertText(text.replaceAll('\n', ' '));
}

function shown(value: unknown): string {
  const isWord = typeof value === 'string' && /^[\w.:/@-]+$/.test(value);
  return inertText(isWord ? value : JSON.stringify(value));
}

/** An error's stack and its causes, each on lines of their own. */
function toldBelow(err: unknown): string[] {
  if (err === undefined) return [];
  if (typeof err !== 'object' || err === null) return [`    ${shown(err)}`];
  const { stack, message, cause }: { stack?: unknown; message?: unknown; cause?: unknown } = err;
  const lines = String(stack ?? message).split('\n');
  return [...lines.map((line) => styleText('dim', `    ${inertText(line)}`)), ...toldBelow(cause)];
}
