import type { Logger } from '../../platform/logger.ts';
import { createSchemaRegistry, type SchemaFormat } from '../../platform/schema-registry.ts';
import type { Pool } from '../../store/pool.ts';
import { type Encodings, jsonEncoding } from './encoding.ts';
import { createKnownSchemas } from './known-schemas.ts';
import { registeredEncodings } from './registered-encodings.ts';
import { createValueReader, type ValueReader } from './value-reader.ts';

/** What a process can read and write with the help of a registry. */
export interface Schemas {
  readonly readValue: ValueReader;
  readonly encodings: Encodings;
}

export interface SchemasDeps {
  readonly address: URL;
  readonly format: SchemaFormat | 'json';
  readonly pool: () => Promise<Pool>;
  readonly log: Logger;
}

/** Asks nobody yet: that comes with the first record of a schema. */
export function openSchemas({ address, format, pool, log }: SchemasDeps): Schemas {
  const registry = createSchemaRegistry(address);
  const schemas = createKnownSchemas({ registry, pool, log });
  return {
    readValue: createValueReader(schemas),
    encodings:
      format === 'json' ? jsonEncoding : registeredEncodings(format, { schemas, registryUrl: registry.url }),
  };
}
