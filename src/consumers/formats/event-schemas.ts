import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SchemaFormat } from '../../platform/schema-registry.ts';

const folder = join(import.meta.dirname, '../../../schemas');

const files: Readonly<Record<SchemaFormat, (type: string) => string>> = {
  avro: (type) => `avro/${type}.v*.avsc`,
  // One file holds all messages.
  protobuf: () => 'protobuf/events.v*.proto',
};

/** The newest schema of an event, as a text; undefined where it has none and travels as JSON. */
export function newestSchema(type: string, format: SchemaFormat): string | undefined {
  // A dead letter lies among records of every format, for people to read.
  if (type.endsWith('.dead')) return undefined;
  const [newest] = globSync(files[format](type), { cwd: folder }).sort((a, b) => versionOf(b) - versionOf(a));
  return newest && readFileSync(join(folder, newest), 'utf8');
}

/** `tbd.events.OrderCreated` for order.created: what a schema calls it. */
export function eventName(type: string): string {
  return `tbd.events.${type.replace(/(?:^|\.)(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
}

function versionOf(file: string): number {
  return Number(/\.v(\d+)\./.exec(file)?.[1]);
}
