import { sql } from 'slonik';
import { z } from 'zod';
import type { Pool } from './pool.ts';

const schemaRow = z.object({ id: z.number(), format: z.enum(['avro', 'protobuf']), schema: z.string() });
export type KnownSchema = z.output<typeof schemaRow>;

/** Keeps what `registry` has handed out; once is enough. */
export async function rememberSchema(
  pool: Pool,
  { registry, id, format, schema }: KnownSchema & { readonly registry: string },
): Promise<void> {
  await pool.rows(sql.unsafe`
    insert into known_schemas (registry, id, format, schema)
    values (${registry}, ${id}, ${format}, ${schema})
    on conflict do nothing`);
}

export async function readSchema(
  pool: Pool,
  { registry, id }: { readonly registry: string; readonly id: number },
): Promise<KnownSchema | undefined> {
  const [known] = await pool.rows(sql.type(schemaRow)`
    select id, format, schema from known_schemas where registry = ${registry} and id = ${id} limit 1`);
  return known;
}

/** The newest id under which `registry` took this very text. */
export async function readSchemaId(
  pool: Pool,
  { registry, format, schema }: Omit<KnownSchema, 'id'> & { readonly registry: string },
): Promise<number | undefined> {
  const [known] = await pool.rows(sql.type(schemaRow)`
    select id, format, schema from known_schemas
    where registry = ${registry} and format = ${format} and schema = ${schema}
    order by id desc limit 1`);
  return known?.id;
}
