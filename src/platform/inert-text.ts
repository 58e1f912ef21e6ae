// Control characters, and those that are not seen themselves but turn or hide others.
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The same text with whatever could move or colour a terminal written out, as `\u001b`; its tabs and line breaks stay. */
export function inertText(text: string): string {
  return text.replace(unseen, (character) =>
    character === '\n' || character === '\t' ? character : writtenOut(character),
  );
}

function writtenOut(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
