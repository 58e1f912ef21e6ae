import { SpanKind } from '@opentelemetry/api';
import type { SpanOptions } from '../platform/telemetry.ts';
import type { Received } from './copies.ts';
import { contextOf } from './envelope.ts';

/** Of one attempt at a record. */
export function processSpan(group: string, { message, topic, partition }: Received): SpanOptions {
  return {
    name: `process ${topic}`,
    kind: SpanKind.CONSUMER,
    parent: contextOf(message),
    attributes: {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': group,
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.kafka.offset': Number(message.offset),
    },
  };
}
