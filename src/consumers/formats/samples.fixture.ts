import { readFileSync } from 'node:fs';
import { newId } from '../../core/id.ts';
import type { Schema } from '../../platform/schema-registry.ts';
import type { KnownSchemas } from './known-schemas.ts';

export function schemaFile(name: string): Schema {
  const schema = readFileSync(`schemas/${name}`, 'utf8');
  return { format: name.startsWith('avro/') ? 'avro' : 'protobuf', schema };
}

/** A registry that is a list: an id is a place in it, counted from 1. */
export function listOf(schemas: readonly Schema[]): KnownSchemas {
  return {
    read: async (id) => schemas[id - 1],
    idOf: async (_subject, wanted) => 1 + schemas.findIndex(({ schema }) => schema === wanted.schema),
  };
}

export function createdBody(change: Readonly<Record<string, unknown>> = {}) {
  return {
    order_id: newId(),
    customer_email: null,
    amount_cents: 2 ** 53 - 1,
    currency: 'EUR',
    merchant_id: 'Zoë’s',
    items: [{ product_id: 'p', quantity: 3, unit_price_cents: 0 }],
    created_at: '2026-11-21T10:00:00.000Z',
    schema_version: 1,
    ...change,
  };
}
