import { z } from 'zod';
import { createDocument, type ZodOpenApiSchemaObject } from 'zod-openapi';
import { item as newItem } from '../schemas.ts';
import { accountPaths } from './accounts.ts';
import { adminPaths } from './admin.ts';
import { breakerPaths } from './circuit-breakers.ts';
import { deadLetterPaths } from './dead-letters.ts';
import { answerHeaders, requestHeaders } from './headers.ts';
import { legacyPaths } from './legacy.ts';
import { operationsPaths } from './operations.ts';
import { orderPaths } from './orders.ts';
import { problemExamples } from './refusals.ts';
import { transactionPaths } from './transactions.ts';

const description = `Orders are accepted at once and processed soon after: \`POST /v1/orders\` answers 202 when the order is
durable, and \`GET\` on its \`Location\` shows what became of it.

Accounts hold money; \`POST /v1/transactions\` moves it in the same way.

- Money is integer cents with an ISO 4217 currency; times are UTC (RFC 3339).
- A request that may have been lost is repeated with its \`Idempotency-Key\`, and gets the answer of the first.
- Errors are \`application/problem+json\`; tell them apart by \`code\`, and read what to do at their \`type\`.
- Answers may get more fields: ignore those you do not know. Requests may not: an unknown field is an error.`;

type Document = ReturnType<typeof createDocument>;

/** The OpenAPI 3.1 document of all that is served, from the schemas that validate it. */
export function createApiDocument(): Document {
  return createDocument(
    {
      openapi: '3.1.1',
      info: { title: 'tbd', version: '1.0.0', description, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/', description: 'Where this document comes from' }],
      tags: [
        { name: 'Orders', description: 'Place, read and cancel them' },
        { name: 'Ledger', description: 'Accounts, and the transactions on them' },
        { name: 'Admin', description: 'Find what is stuck, mend it, and compare all sides' },
        { name: 'Dead letters', description: 'Records that were set aside, and their way back' },
        { name: 'Earlier systems', description: 'Addresses and shapes of the systems before this one' },
        { name: 'Operations', description: 'Health, figures, circuit breakers, and this document' },
      ],
      paths: {
        ...orderPaths,
        ...accountPaths,
        ...transactionPaths,
        ...adminPaths,
        ...deadLetterPaths,
        ...legacyPaths,
        ...breakerPaths,
        ...operationsPaths,
      },
      components: {
        schemas: { NewItem: itemSchema() },
        parameters: requestHeaders,
        headers: answerHeaders,
        examples: problemExamples,
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description:
              'Only where the server runs with AUTH_MODE=jwt; scopes `orders:read`, `orders:write`, `admin`.',
          },
        },
      },
    },
    { override: loosen },
  );
}

/** Items are counted before they are read, so no schema of the document refers to this one by itself. */
function itemSchema(): ZodOpenApiSchemaObject {
  const { $schema: _, ...schema } = z.toJSONSchema(newItem, { io: 'input' });
  // Both are JSON Schema 2020-12; each library has types of its own for it.
  return schema as ZodOpenApiSchemaObject;
}

/** The text that is served at /openapi.json and kept in the repository. */
export function apiDocumentText(): string {
  return `${JSON.stringify(createApiDocument(), null, 2)}\n`;
}

/** An answer may get fields that today's clients do not know, and its formats say enough without their patterns. */
function loosen({ jsonSchema, io }: { jsonSchema: object; io: 'input' | 'output' }): void {
  if (io === 'input') return;
  if ('additionalProperties' in jsonSchema && jsonSchema.additionalProperties === false)
    Reflect.deleteProperty(jsonSchema, 'additionalProperties');
  if ('format' in jsonSchema) Reflect.deleteProperty(jsonSchema, 'pattern');
}
