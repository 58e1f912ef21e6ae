/** Each field's type by its place: all of a schema that others rely on. */
export type Surface = Readonly<Record<string, string>>;

/** The surface of each file as it shipped. */
export type Frozen = Readonly<Record<string, Surface>>;

/** A schema's file that shipped stays as it was, but for its comments. */
export function edits(file: string, before: Surface, now: Surface): string[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return fields.flatMap((field) =>
    before[field] === now[field]
      ? []
      : [
          `${file}: ${field} was ${before[field] ?? 'not there'}, is ${now[field] ?? 'gone'}; put it into a new version`,
        ],
  );
}
