import protobuf from 'protobufjs';
import { parseProto } from '../../src/consumers/formats/protobuf.ts';
import type { Surface } from './surface.ts';

/** What old and new readers would misread of one another's records; each names its field. */
export function protobufBreaks(older: string, newer: string): string[] {
  const fresh = new Map(messagesOf(newer).map((type) => [type.fullName, type]));
  return messagesOf(older).flatMap((old) => {
    const now = fresh.get(old.fullName);
    return now === undefined ? [`${old.name} is gone`] : [...changes(old, now), ...additions(old, now)];
  });
}

/** The fields by message and name, such as `OrderCreated.amount_cents`. */
export function protobufSurface(schema: string): Surface {
  return Object.fromEntries(
    messagesOf(schema).flatMap(({ name, fieldsArray }) =>
      fieldsArray.map((field) => [`${name}.${field.name}`, `${typeOf(field)} = ${field.id}`]),
    ),
  );
}

function changes(old: protobuf.Type, now: protobuf.Type): string[] {
  return old.fieldsArray.flatMap((field) => {
    const at = `${old.name}.${field.name}`;
    const other: protobuf.Field | undefined = now.fieldsById[field.id];
    if (other === undefined)
      return isReserved(now, field.id)
        ? []
        : [`${at} is gone; say \`reserved ${field.id};\`, so that nobody takes its number`];
    if (other.name !== field.name)
      return [`${at}: its number ${field.id} is now that of ${other.name}; take one that was never used`];
    return typeOf(other) === typeOf(field) ? [] : [`${at}: was ${typeOf(field)}, is ${typeOf(other)}`];
  });
}

/** In a record that lacks it, a field without a presence of its own looks as if somebody had said 0 or nothing. */
function additions(old: protobuf.Type, now: protobuf.Type): string[] {
  return now.fieldsArray.flatMap((field) => {
    if (old.fieldsById[field.id] !== undefined) return [];
    const at = `${now.name}.${field.name}`;
    if (isReserved(old, field.id)) return [`${at}: its number ${field.id} was taken once; take another`];
    return field.repeated || field.partOf !== null ? [] : [`${at} is new and not optional`];
  });
}

/** The library's own leaves out the last of each range, and so all that stand alone. */
function isReserved({ reserved = [] }: protobuf.Type, id: number): boolean {
  return reserved.some(
    (range) => typeof range !== 'string' && (range[0] ?? id) <= id && id <= (range[1] ?? id),
  );
}

function typeOf({ type, repeated, partOf }: protobuf.Field): string {
  if (repeated) return `repeated ${type}`;
  return partOf === null ? type : `optional ${type}`;
}

function messagesOf(schema: string): protobuf.Type[] {
  const found: protobuf.Type[] = [];
  const visit = ({ nestedArray }: protobuf.NamespaceBase): void => {
    for (const one of nestedArray) {
      if (one instanceof protobuf.Type) found.push(one);
      if (one instanceof protobuf.Namespace) visit(one);
    }
  };
  visit(parseProto(schema).root);
  return found;
}
