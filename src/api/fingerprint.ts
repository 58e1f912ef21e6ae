import { createHash } from 'node:crypto';

/** SHA-256 over the parsed value: key order, white space and the spelling of numbers do not matter. */
export function fingerprint(body: unknown): Buffer {
  return createHash('sha256').update(JSON.stringify(body, sortedKeys)).digest();
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
