import type { LetterPosition } from '../store/dead-letter-lists.ts';

/** Opaque to clients: base64url of the direction, and of the time and the id of a page's last letter in it. */
export function presentLetterCursor(position: LetterPosition): string {
  const [direction, { at, id }] =
    'older' in position ? ['<', position.older] : (['>', position.newer] as const);
  return Buffer.from(`${direction}${at.getTime()}/${id}`).toString('base64url');
}

/** undefined for what is no cursor of letters from old to new. */
export function readUpwardCursor(cursor: string): Extract<LetterPosition, { newer: unknown }> | undefined {
  const position = readLetterCursor(cursor);
  return position !== undefined && 'newer' in position ? position : undefined;
}

/** undefined for what is no cursor of this list. */
export function readLetterCursor(cursor: string): LetterPosition | undefined {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, direction, ms, id = ''] = /^([<>])(\d{1,15})\/([^\0]+)$/.exec(text) ?? [];
  if (direction === undefined) return undefined;
  const place = { at: new Date(Number(ms)), id };
  return direction === '<' ? { older: place } : { newer: place };
}
