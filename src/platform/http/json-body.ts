import type { Context } from 'koa';
import rawBody from 'raw-body';
import { Problem } from './problem.ts';

const limitBytes = 1_000_000;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The parsed JSON body; 415 for another media type, 413 past 1 MB, 400 for what is not JSON in UTF-8. */
export async function readJson(ctx: Context): Promise<unknown> {
  // Not ctx.is: it says no to a request without a body, whatever its type.
  if (ctx.request.type !== 'application/json' || !/^(utf-?8)?$/i.test(ctx.request.charset)) {
    throw new Problem(
      415,
      'unsupported_media_type',
      'Send the body as Content-Type: application/json in UTF-8.',
    );
  }
  if (!/^(identity)?$/i.test(ctx.get('content-encoding'))) {
    throw new Problem(415, 'unsupported_media_type', 'Send the body without Content-Encoding.');
  }
  const bytes = await readBytes(ctx);
  try {
    return parse(utf8.decode(bytes));
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem(400, 'malformed_json', 'The body is not JSON; correct its syntax and send it again.', {
      cause,
    });
  }
}

// A double keeps 15 digits, whatever they are: a number of more is at least so many characters.
const mayBeRounded = /[\d.]{16}/;
const mostDigits = 15;

/** Money must not change on its way in: a fraction that a double may not keep is refused, not rounded away. */
function parse(text: string): unknown {
  if (isTooDeep(text))
    throw new Problem(400, 'json_too_deep', `Nest objects and lists at most ${deepest} deep.`);
  if (!mayBeRounded.test(text)) return JSON.parse(text);
  // The types do not know the third argument yet, https://github.com/tc39/proposal-json-parse-with-source.
  return JSON.parse(text, (_key: string, value: unknown, context?: { source?: string }) => {
    const source = context?.source ?? '';
    if (typeof value !== 'number' || isKept(value, source)) return value;
    const detail = `${source.slice(0, 40)} has more digits than can be kept; send at most ${mostDigits}.`;
    throw new Problem(400, 'number_too_precise', detail);
  });
}

// What is written as a whole number is judged by its size, which the schema knows.
const whole = /^-?\d+(\.0*)?$/;

function isKept(value: number, source: string): boolean {
  return whole.test(source) || Number.isNaN(value) || significantDigits(source) <= mostDigits;
}

function significantDigits(source: string): number {
  const [mantissa = ''] = source.split(/e/i);
  const digits = mantissa.replace(/[-.]/g, '');
  // By hand: a pattern for zeros at the end tries each run of zeros anew, minutes for a million of them.
  let [first, end] = [0, digits.length];
  while (first < end && digits[first] === '0') first += 1;
  while (end > first && digits[end - 1] === '0') end -= 1;
  return end - first;
}

const deepest = 64;
const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/** What walks the value later does so by recursion, and would run out of stack. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isInText) {
      if (code === backslash) at += 1;
      else if (code === quote) isInText = false;
    } else if (code === quote) isInText = true;
    else if (code === openBracket || code === openBrace) {
      depth += 1;
      if (depth > deepest) return true;
    } else if (code === closeBracket || code === closeBrace) depth -= 1;
  }
  return false;
}

async function readBytes(ctx: Context): Promise<Buffer> {
  try {
    return await rawBody(ctx.req, { limit: limitBytes, length: ctx.get('content-length') || null });
  } catch (cause) {
    // raw-body attaches a `type` to the errors it foresees.
    const type = cause instanceof Error && 'type' in cause ? cause.type : undefined;
    if (type === 'entity.too.large') {
      throw new Problem(413, 'body_too_large', `Keep the body within ${limitBytes} bytes.`, { cause });
    }
    throw new Problem(400, 'body_incomplete', 'The body ended early; send it again with its true length.', {
      cause,
    });
  }
}
