import type { Fields, Logger } from '../../src/platform/logger.ts';

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface Line extends Fields {
  readonly level: keyof Logger;
  readonly msg: string;
}

/** A logger that remembers. */
export function memoryLog(): { log: Logger; lines: readonly Line[] } {
  const lines: Line[] = [];
  const keep = (level: keyof Logger) => (fields: Fields, msg: string) => {
    lines.push({ ...fields, level, msg });
  };
  const log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
  return { log, lines };
}
