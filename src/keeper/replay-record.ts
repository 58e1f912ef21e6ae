import type { Received } from '../consumers/copies.ts';
import { fromStored } from '../consumers/headers.ts';
import { retryHeaders } from '../consumers/retry-headers.ts';
import type { IHeaders } from '../platform/kafka.ts';
import type { Replay } from '../store/replay-queue.ts';

/** What brings a letter back to the one group that could not handle it: as it came, or with another value. */
export function replayRecord(replay: Replay, group: string, now: Date) {
  const { key, topic, partition, record_offset } = replay;
  const message = {
    key,
    value: replay.edited_value ?? replay.value,
    headers: asItCame(replay),
    offset: String(record_offset),
  };
  const original: Received = { message, topic, partition };
  const more: IHeaders = {
    ...(replay.edited_value === null ? {} : editedHeaders(replay, now)),
    ...retryHeaders(original, { group, attempts: 0, reason: replay.reason }),
    replay_id: replay.id,
  };
  return { original, more };
}

/** Without what was said of its death. */
function asItCame({ headers, edited_value }: Replay): IHeaders {
  const own = Object.entries(headers)
    .filter(([name]) => !name.startsWith('dlq_'))
    // An edit is JSON whatever the record was, and no schema of another format describes it.
    .filter(([name]) => edited_value === null || isJson(headers) || name !== 'ce_dataschema');
  return fromStored(Object.fromEntries(own));
}

function isJson(headers: Replay['headers']): boolean {
  const [type = ''] = headers['content-type'] ?? [];
  return Buffer.from(type, 'base64').toString().startsWith('application/json');
}

/** A new event, and what it was made from. */
function editedHeaders({ event_id, causation_id }: Replay, now: Date): IHeaders {
  return {
    ...(event_id === null ? {} : { ce_id: event_id }),
    ...(causation_id === null ? {} : { causation_id }),
    ce_time: now.toISOString(),
    'content-type': 'application/json',
  };
}
