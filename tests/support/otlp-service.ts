import { promisify } from 'node:util';
import { type handleUnaryCall, type Metadata, Server, ServerCredentials } from '@grpc/grpc-js';

export interface OtlpService extends AsyncDisposable {
  readonly port: number;
}

/** Where spans are sent to, OTLP over gRPC: `take` gets each export's bytes, an ExportTraceServiceRequest. */
export async function serveOtlp(take: (bytes: Buffer, metadata: Metadata) => void): Promise<OtlpService> {
  const server = new Server();
  const asItIs = (bytes: Buffer): Buffer => bytes;
  const answer: handleUnaryCall<Buffer, Buffer> = ({ request, metadata }, done) => {
    take(request, metadata);
    // Nothing was rejected.
    done(null, Buffer.alloc(0));
  };
  server.addService(
    {
      export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        requestStream: false,
        responseStream: false,
        requestSerialize: asItIs,
        requestDeserialize: asItIs,
        responseSerialize: asItIs,
        responseDeserialize: asItIs,
      },
    },
    { export: answer },
  );
  const bind = promisify(server.bindAsync.bind(server));
  const port = await bind('127.0.0.1:0', ServerCredentials.createInsecure());
  return { port, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}
