import type { IHeaders } from '../platform/kafka.ts';
import type { StoredHeaders } from '../store/stored-headers.ts';

/**
 * What can be sent, and kept, of a record's headers. kafkajs reads what it cannot send itself: a null (other producers may),
 * and for a name that every object has, such as `constructor`, the inherited function beside the value.
 */
export function valuesOf(headers: IHeaders = {}): ReadonlyMap<string, Buffer[]> {
  return new Map(
    Object.entries(headers).map(([name, given]) => {
      const values = [given].flat().map((value) => value ?? '');
      return [
        name,
        values.flatMap((value) => {
          if (Buffer.isBuffer(value)) return value;
          return typeof value === 'string' ? Buffer.from(value) : [];
        }),
      ];
    }),
  );
}

export function toStored(headers: ReadonlyMap<string, readonly Buffer[]>): StoredHeaders {
  return Object.fromEntries(
    Array.from(headers, ([name, values]) => [name, values.map((value) => value.toString('base64'))]),
  );
}

/** A single value stands by itself, as kafkajs reads it. */
export function fromStored(stored: StoredHeaders): IHeaders {
  return Object.fromEntries(
    Object.entries(stored).map(([name, given]) => {
      const [value, ...more] = given.map((one) => Buffer.from(one, 'base64'));
      return [name, value === undefined || more.length > 0 ? [value ?? '', ...more] : value];
    }),
  );
}
