// The last guard in front of a log: what is secret or personal is not to be handed to it in the first place.

// Longer than any stack or answer that helps; what follows comes from outside as a rule.
const longestText = 8_192;
const longestWord = 512;
const suspicious = /[^!-~]|[@="'%]|eyJ|[3-6]\d{12}|[3-6]\d{3}-\d{4}-\d{4}-/;

// Every repetition has an end: a stranger's megabyte must not cost a pass for each of its characters.
const word = String.raw`[^\s"'<>()[\]{},;:\\/=@]`;
const secretNames = 'password|passwd|pwd|secret|token|api[-_]?key|authorization|cookie';
const named = (between: string, letter: string) =>
  new RegExp(`((?:${secretNames})${between})${letter}{1,4096}`, 'gi');
const secrets: readonly (readonly [RegExp, string])[] = [
  // Up to the last @: a password may have one in it. In a file's address it begins a package's name.
  [/(:\/\/)(?!\/)[^\s"'<>]{0,255}[^\s"'<>/]@/g, '$1[redacted]@'],
  [/\b(bearer|basic)\s{1,8}[\w.~+/=-]{8,4096}/gi, '$1 [redacted]'],
  [/\beyJ[\w-]{4,2048}(\.[\w-]{0,2048}){0,4}/g, '[redacted]'],
  // In JSON, which may stand in JSON itself, a value may have blanks.
  [named(String.raw`\\{0,3}"\s{0,8}:\s{0,8}\\{0,3}"`, String.raw`[^"\\]`), '$1[redacted]'],
  [named(String.raw`["']?\s{0,8}[:=]\s{0,8}["']?`, String.raw`[^\s"',;&]`), '$1[redacted]'],
  // A domain without a dot too: others quote the beginning of what they could not parse.
  [new RegExp(`${word}{1,64}(?:@|%40)${word}{1,255}`, 'gi'), '[e-mail]'],
];
// 13 to 19 digits that begin as the great networks' do, in groups of four or in one; groups of a UUID are none.
const card = /\b[3-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{1,7}\b/g;

/** Most texts are ids, for which this is enough: 0.05 µs instead of 1. What is not visible ASCII is not plain. */
export function isPlain(text: string): boolean {
  return text.length <= longestText && !suspicious.test(text);
}

/** `text` without e-mail addresses, passwords, tokens and card numbers. */
export function redact(text: string): string {
  if (isPlain(text)) return text;
  let safe = text.length > longestText ? cut(text) : text;
  for (const [pattern, replacement] of secrets) safe = safe.replace(pattern, replacement);
  return safe.replace(card, (digits) => (isCard(digits) ? '[card]' : digits));
}

/** Without the word that it ends in the middle of: of a password in an address only its end tells that it is one. */
function cut(text: string): string {
  // Looked for in the tail alone: in all of the text it took 12 ms.
  const tail = text.slice(longestText - longestWord, longestText).replace(/\S+$/, '');
  return `${text.slice(0, longestText - longestWord)}${tail}…`;
}

/** Luhn's check. */
function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = at % 2 === 0 ? Number(digit) : Number(digit) * 2;
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
