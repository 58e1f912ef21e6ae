import avsc from 'avsc';
import { parseAvro } from '../../src/consumers/formats/avro.ts';
import type { Surface } from './surface.ts';

const { RecordType, ArrayType, UnwrappedUnionType } = avsc.types;

/** What keeps the readers of one schema from reading what writers of the other wrote, in either direction; each names its field. */
export function avroBreaks(older: string, newer: string): string[] {
  const [old, fresh] = [parseAvro(older), parseAvro(newer)];
  return [
    ...unreadable(fresh, old).map((reason) => `${reason} (new readers, old records)`),
    ...unreadable(old, fresh).map((reason) => `${reason} (old readers, new records)`),
  ];
}

/** The fields by their path, such as `items[].quantity`. */
export function avroSurface(schema: string): Surface {
  const surface: Record<string, string> = {};
  walk(parseAvro(schema), '', surface);
  return surface;
}

function unreadable(reader: avsc.Type, writer: avsc.Type, path = ''): string[] {
  if (reader instanceof RecordType && writer instanceof RecordType) {
    const reasons = reader.fields.flatMap((field) => {
      const at = join(path, field.name);
      const other = writer.fields.find(({ name }) => [field.name, ...field.aliases].includes(name));
      if (other !== undefined) return unreadable(field.type, other.type, at);
      return field.defaultValue() === undefined ? [`${at} is missing on one side and has no default`] : [];
    });
    return reasons.length > 0 ? reasons : resolved(reader, writer, path);
  }
  if (reader instanceof ArrayType && writer instanceof ArrayType)
    return unreadable(reader.itemsType, writer.itemsType, `${path}[]`);
  return resolved(reader, writer, path);
}

function resolved(reader: avsc.Type, writer: avsc.Type, path: string): string[] {
  try {
    reader.createResolver(writer);
    return [];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return [`${path || reader.name}: ${typeOf(writer)} cannot be read as ${typeOf(reader)}`];
  }
}

function walk(type: avsc.Type, path: string, surface: Record<string, string>): void {
  if (type instanceof RecordType)
    for (const field of type.fields) {
      const at = join(path, field.name);
      const preset = field.defaultValue();
      surface[at] = typeOf(field.type) + (preset === undefined ? '' : ` = ${JSON.stringify(preset)}`);
      walk(field.type, at, surface);
    }
  else if (type instanceof ArrayType) walk(type.itemsType, `${path}[]`, surface);
}

function typeOf(type: avsc.Type): string {
  if (type instanceof UnwrappedUnionType) return type.types.map(typeOf).join(' | ');
  if (type instanceof ArrayType) return `${typeOf(type.itemsType)}[]`;
  return type.name ?? type.typeName.replace('abstract:', '');
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
