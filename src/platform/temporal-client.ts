import type { Client, Connection } from '@temporalio/client';
import type { ClientConnectConfig } from '@temporalio/envconfig';

export interface TemporalClient extends AsyncDisposable {
  /** What `work` comes to; throws TemporalUnavailableError when the server has not answered all of its calls within `ms`. */
  within<T>(ms: number, work: (client: Client) => Promise<T>): Promise<T>;
}

/** For those who ask Temporal now and then. In plain JavaScript, and opened by the first question: most processes never have one. */
export function createTemporalClient({
  temporal,
  namespace,
}: {
  temporal: ClientConnectConfig;
  namespace: string;
}): TemporalClient {
  let opened: Promise<{ client: Client; connection: Connection }> | undefined;
  const open = async () => {
    const [{ Client, Connection, makeGrpcRetryInterceptor, defaultGrpcRetryOptions }, { measureCalls }] =
      await Promise.all([import('@temporalio/client'), import('./temporal-calls.ts')]);
    const connection = Connection.lazy({
      ...temporal.connectionOptions,
      // Unless told so, a client that met an outage looks for its end every two minutes only.
      channelArgs: { 'grpc.max_reconnect_backoff_ms': 2_000 },
      // The first is what the client has when none are named.
      interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), measureCalls(namespace)],
    });
    return { client: new Client({ connection, namespace }), connection };
  };
  return {
    within: async (ms, work) => {
      opened ??= open();
      const { client, connection } = await opened;
      try {
        return await connection.withDeadline(Date.now() + ms, () => work(client));
      } catch (error) {
        if (unavailable.has(codeOf(error))) throw new TemporalUnavailableError(error);
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await (await opened)?.connection.close();
    },
  };
}

/** Temporal gave no answer in time, or has too much to do. */
export class TemporalUnavailableError extends Error {
  override readonly name = 'TemporalUnavailableError';
  readonly code = 'temporal_unavailable';

  constructor(cause: unknown) {
    super('Temporal cannot be reached or is too busy; the same may be asked of it in a moment.', { cause });
  }
}

/** True when the server understood a question and has no answer to one of its kind, such as an attribute it does not know. */
export function isQuestionRefused(error: unknown): boolean {
  return codeOf(error) === invalidArgument;
}

// https://grpc.io/docs/guides/status-codes: cancelled, deadline exceeded, resource exhausted, unavailable.
const unavailable = new Set([1, 4, 8, 14]);
const invalidArgument = 3;

/** Of gRPC, wherever among the causes it stands; NaN for what is not of gRPC. */
function codeOf(error: unknown): number {
  if (!(error instanceof Error)) return Number.NaN;
  if ('code' in error && typeof error.code === 'number') return error.code;
  return codeOf(error.cause);
}
