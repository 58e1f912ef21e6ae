import { schemaTakenFromStore } from '../../facts-events.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Schema, SchemaRegistry } from '../../platform/schema-registry.ts';
import { readSchema, readSchemaId, rememberSchema } from '../../store/known-schemas.ts';
import type { Pool } from '../../store/pool.ts';

export interface KnownSchemas {
  /** Undefined where the registry says that there is no such id; rejects while nobody can say. */
  readonly read: (id: number) => Promise<Schema | undefined>;
  /** The id under which the registry has it; registers it where it is new. */
  readonly idOf: (subject: string, schema: Schema) => Promise<number>;
}

export interface KnownSchemasDeps {
  readonly registry: SchemaRegistry;
  /** Opened when there is something to keep or to look for. */
  readonly pool: () => Promise<Pool>;
  readonly log: Logger;
}

/**
 * What the registry says, which is kept in Postgres; while it cannot be asked, what is kept. The registry comes first: one
 * that was made anew gives its ids to other schemas.
 */
export function createKnownSchemas({ registry, pool, log }: KnownSchemasDeps): KnownSchemas {
  const { url } = registry;
  const keep = async (id: number, schema: Schema) => {
    try {
      await rememberSchema(await pool(), { registry: url, id, ...schema });
    } catch (error) {
      log.debug({ err: error, schema_id: id }, 'schema not kept');
    }
  };
  const insteadOf = async <T>(outage: unknown, find: (pool: Pool) => Promise<T | undefined>): Promise<T> => {
    const kept = await pool()
      .then(find)
      .catch(() => undefined);
    if (kept === undefined) throw outage;
    schemaTakenFromStore(log, { error: outage });
    return kept;
  };
  return {
    async read(id) {
      let schema: Schema | undefined;
      try {
        schema = await registry.read(id);
      } catch (outage) {
        return insteadOf(outage, (pool) => readSchema(pool, { registry: url, id }));
      }
      if (schema !== undefined) await keep(id, schema);
      return schema;
    },
    async idOf(subject, schema) {
      let id: number;
      try {
        id = await registry.register(subject, schema);
      } catch (outage) {
        return insteadOf(outage, (pool) => readSchemaId(pool, { registry: url, ...schema }));
      }
      await keep(id, schema);
      return id;
    },
  };
}
