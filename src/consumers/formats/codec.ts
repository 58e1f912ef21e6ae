/** Between the body of an event and the bytes of its format; both ways throw for what does not fit the schema. */
export interface Codec {
  readonly encode: (body: unknown) => Buffer;
  readonly decode: (bytes: Buffer) => unknown;
}
