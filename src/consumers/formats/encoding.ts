/** How an event of one type travels. */
export interface Encoding {
  readonly contentType: string;
  /** Where its schema stands. */
  readonly schemaUrl: string;
  /** The value of its record; throws where the body is not what its schema says. */
  readonly encode: (body: string) => string | Buffer;
}

export type Encodings = (type: string, topic: string) => Encoding | Promise<Encoding>;

export const jsonEncoding = (type: string): Encoding => ({
  contentType: 'application/json',
  schemaUrl: `/schemas/${type}/v1`,
  encode: (body) => body,
});
