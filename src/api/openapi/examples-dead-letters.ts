import { presentLetter } from '../present-dead-letters.ts';
import { exampleOrderId } from './examples.ts';

const id = 'tbd-workers/order.created/3/4711';
const base64 = (text: string) => Buffer.from(text).toString('base64');

export const letterLists = {
  notJson: {
    summary: 'Somebody wrote to a topic what is not JSON',
    value: {
      items: [
        presentLetter({
          id,
          consumer_group: 'tbd-workers',
          topic: 'order.created',
          partition: 3,
          record_offset: 4_711,
          event_id: null,
          class: 'parse',
          reason: 'the value is not JSON',
          attempts: 1,
          traceparent: null,
          at: new Date('2026-11-21T10:00:03.000Z'),
          is_cut: false,
          dlq_topic: 'order.dlq',
          dlq_partition: 3,
          dlq_offset: 12,
          replays: 0,
          replayed_at: null,
          replay_waiting: null,
          key: Buffer.from(exampleOrderId),
          headers: { dlq_class: [base64('parse')] },
          value_bytes: 12,
        }),
      ],
      next: null,
    },
  },
};

export const replayRequests = {
  dryRun: { summary: 'What would become of these?', value: { event_ids: [id, 'event-456'], dry_run: true } },
  edit: {
    summary: 'With another value',
    value: {
      event_ids: [id],
      edits: { [id]: { value: { order_id: exampleOrderId, schema_version: 1 } } },
    },
  },
};

export const rangeRequests = {
  dryRun: {
    summary: 'What would become of those of a day?',
    value: {
      start_time: '2024-01-01T00:00:00Z',
      end_time: '2024-01-02T00:00:00Z',
      max_messages: 100,
      dry_run: true,
    },
  },
};
