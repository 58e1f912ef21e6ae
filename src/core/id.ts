import { v5, v7, validate, version } from 'uuid';

/** UUIDv7, time-ordered: the newest lie together in the index, and a list by id is a list by age. */
export function newId(): string {
  return v7();
}

/** When `newId` made it, in ms since 1970; undefined for an id of another kind. */
export function madeAt(id: string): number | undefined {
  return validate(id) && version(id) === 7
    ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    : undefined;
}

export function isId(text: string): boolean {
  return validate(text);
}

/** One id per subject and event type for ever: a message sent again, even by another relay, is recognised by it. */
export function eventId(subjectId: string, type: string): string {
  return v5(type, subjectId);
}

/** One id per process, event and effect: a try whose answer was lost is recognised by it, another process' is not. */
export function effectId(processId: string, eventId: string, what: string): string {
  return v5(`${eventId}/${what}`, processId);
}
