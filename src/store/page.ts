import { type FragmentSqlToken, sql } from 'slonik';

/** The id of something in a list, and the way on from there; ids rise with time. */
export type Position = { readonly older: string } | { readonly newer: string };

/** Only what lies on that side of it. */
export function beyond(from: Position | undefined): FragmentSqlToken {
  if (from === undefined) return sql.fragment``;
  return 'older' in from ? sql.fragment`and id < ${from.older}` : sql.fragment`and id > ${from.newer}`;
}

/** The nearest first. */
export function inDirection(from: Position | undefined): FragmentSqlToken {
  return from !== undefined && 'newer' in from ? sql.fragment`order by id` : sql.fragment`order by id desc`;
}
