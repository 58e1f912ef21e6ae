import { copyFileSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT_BYTES = 20 * 1024 * 1024;

/** Copies and cuts instead of renaming: the writers hold the file open and outlive the supervisor. */
export function boundLogs(home: string): void {
  const folder = join(home, 'logs');
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!name.endsWith('.log') || statSync(path).size < LIMIT_BYTES) continue;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  }
}

export function lastLines(path: string, count: number): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count);
  } catch {
    return [];
  }
}
