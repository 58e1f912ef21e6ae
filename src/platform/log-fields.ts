import { inertText } from './inert-text.ts';
import { isPlain, redact } from './redaction.ts';

export type Fields = Readonly<Record<string, unknown>>;

// Others write accessToken and x-api-key.
const secretName = /(password|passwd|passphrase|secret|token|authorization|cookie|api[-_]?key)$/i;
// An error that carries errors that carry … ; and what is deeper in an object helps nobody who reads a line.
const deepest = 5;
const mostOfList = 100;

/** `fields` as they may be written, added to `safe`: an error as what it says and why, and nothing anywhere that is secret or personal. */
export function writable(
  fields: Fields,
  safe: Record<string, unknown> = {},
  depth = 0,
): Record<string, unknown> {
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    safe[name] = secretName.test(name) && value != null ? '[redacted]' : writableValue(value, depth);
  }
  return safe;
}

function writableValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return isPlain(value) ? value : inertText(redact(value));
  // JSON has none.
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth > deepest) return '…';
  if (value instanceof Error) return writableError(value, depth);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.slice(0, mostOfList).map((one) => writableValue(one, depth + 1));
  return writable({ ...value }, {}, depth + 1);
}

/**
 * Nothing else of an error: those of Postgres carry the row (`detail`), those of clients the statement with its values or the
 * address with its password. A stack once; causes say where they come from with their messages.
 */
function writableError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return {
    name,
    message: writableValue(message, depth),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(depth === 0 && { stack: redact(stack ?? '') }),
    ...(cause !== undefined && { cause: writableValue(cause, depth + 1) }),
    ...(error instanceof AggregateError && { errors: writableValue(error.errors, depth + 1) }),
  };
}
