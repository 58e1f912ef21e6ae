import type { IHeaders } from '../platform/kafka.ts';
import type { Received } from './copies.ts';

/** Whose it is, where it was read first, and what became of it so far. */
export function retryHeaders(
  { message, topic, partition }: Received,
  { group, attempts, reason }: { group: string; attempts: number; reason: string },
): IHeaders {
  return {
    'target-group': group,
    retry_topic: topic,
    retry_partition: String(partition),
    retry_offset: message.offset,
    retry_attempts: String(attempts),
    retry_reason: reason,
  };
}
