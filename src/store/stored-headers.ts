import { z } from 'zod';

/** A record's headers: each value in base64, since JSON holds no bytes, in the order of the record. */
export const storedHeaders = z.record(z.string(), z.array(z.string()));
export type StoredHeaders = z.output<typeof storedHeaders>;
