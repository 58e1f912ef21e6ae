export interface Expression {
  /** File and title or name. */
  readonly where: string;
  /** PromQL. */
  readonly text: string;
}

const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);

/** The names of metrics in an expression: what is left once labels, durations and functions are gone. */
export function metricsIn(text: string): string[] {
  const bare = text
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  const names = Array.from(bare.matchAll(/(?<![\w.:])[a-zA-Z_:][\w:]*(?![\w:]|\s*\()/g), ([name]) => name);
  return [...new Set(names.filter((name) => !words.has(name.toLowerCase())))];
}
