import { createRequire } from 'node:module';

interface ProtoJson {
  fromJson(type: unknown, json: unknown, options: { ignoreUnknownFields: boolean }): unknown;
}

interface ProtoRoot {
  lookupType(name: string): unknown;
}

/**
 * What `Worker.runReplayHistory` does with JSON by itself where npm installs one protobufjs for all of Temporal's packages.
 * Here @temporalio/common and @temporalio/proto get one each, and the SDK's parser then refuses its own types
 * ("type must be a Type"); so the parser is taken from beside the types.
 */
export function parseHistory(json: unknown): unknown {
  const protoModule = createRequire(import.meta.url).resolve('@temporalio/proto');
  const besideProto = createRequire(protoModule);
  const { fromJson }: ProtoJson = besideProto('protobufjs/ext/protojson');
  const { patchProtobufRoot }: { patchProtobufRoot: (root: unknown) => ProtoRoot } = besideProto(
    '@temporalio/proto/lib/patch-protobuf-root',
  );
  const root = patchProtobufRoot(besideProto('@temporalio/proto'));
  return fromJson(root.lookupType('temporal.api.history.v1.History'), json, { ignoreUnknownFields: true });
}
