import type { Fields } from './logger.ts';

const known = new Map<string, string>();

/** What a library says beside its own line, under names like ours: `retryTime` → `retry_time`. It has some dozen of them. */
export function foreignFields(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [snakeCase(name), value]));
}

function snakeCase(name: string): string {
  const before = known.get(name);
  if (before !== undefined) return before;
  const after = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  known.set(name, after);
  return after;
}
