import { avroBreaks, avroSurface } from './avro-rules.ts';
import { protobufBreaks, protobufSurface } from './protobuf-rules.ts';
import { edits, type Frozen, type Surface } from './surface.ts';

/** Schemas' texts by their path below schemas/, such as `avro/order.created.v1.avsc`. */
export type Files = ReadonlyMap<string, string>;

/** Everything that would break a reader or a writer that runs somewhere, with the field's name; empty when all is well. */
export function problems(files: Files, frozen: Frozen): string[] {
  return [
    ...broken(files),
    ...(broken(files).length > 0 ? [] : [...thawed(files, frozen), ...clashes(files)]),
  ];
}

/** The surfaces of all files; what is frozen already stays as it was. */
export function freeze(files: Files, frozen: Frozen): Frozen {
  const entries = [...files].map(
    ([file, schema]) => [file, frozen[file] ?? surfaceOf(file, schema)] as const,
  );
  return Object.fromEntries(entries);
}

function broken(files: Files): string[] {
  return [...files].flatMap(([file, schema]) => {
    try {
      surfaceOf(file, schema);
      return [];
    } catch (error) {
      return [String(error)];
    }
  });
}

function thawed(files: Files, frozen: Frozen): string[] {
  return [...new Set([...Object.keys(frozen), ...files.keys()])].flatMap((file) => {
    const schema = files.get(file);
    if (schema === undefined) return [`${file} is gone; records that were written with it stay for weeks`];
    const before = frozen[file];
    return before === undefined
      ? [`${file} is new; \`make schema-freeze\` takes it into frozen.json, and it ships as it is then`]
      : edits(file, before, surfaceOf(file, schema));
  });
}

/** Every version with every later one: consumers leave some out. */
function clashes(files: Files): string[] {
  const families = Map.groupBy(files.keys(), (file) => file.replace(/\.v\d+\./, '.'));
  return [...families.values()].flatMap((family) => {
    const versions = family.sort((a, b) => versionOf(a) - versionOf(b));
    return versions.flatMap((newer, at) =>
      versions.slice(0, at).flatMap((older) => {
        const compare = isAvro(newer) ? avroBreaks : protobufBreaks;
        return compare(files.get(older) ?? '', files.get(newer) ?? '').map(
          (reason) => `${newer} after version ${versionOf(older)}: ${reason}`,
        );
      }),
    );
  });
}

function surfaceOf(file: string, schema: string): Surface {
  try {
    return isAvro(file) ? avroSurface(schema) : protobufSurface(schema);
  } catch (cause) {
    throw new Error(`${file} is no schema: ${cause}`, { cause });
  }
}

const isAvro = (file: string) => file.endsWith('.avsc');

function versionOf(file: string): number {
  return Number(/\.v(\d+)\./.exec(file)?.[1]);
}
