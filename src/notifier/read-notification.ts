import { z } from 'zod';
import { readBody } from '../consumers/envelope.ts';
import { RecordFault } from '../consumers/faults.ts';
import type { KafkaMessage } from '../platform/kafka.ts';
import type { Notification } from '../store/notifications.ts';

const id = z.uuid().lowercase();

const orderProcessed = z.object({ order_id: id });

/** What a record of order.processed has to tell; throws RecordFault with the reason where it can never be understood. */
export async function readNotification(
  record: Pick<KafkaMessage, 'key' | 'value' | 'headers'>,
): Promise<Notification> {
  const { order_id } = await readBody(record, {
    subject: 'order',
    schema: orderProcessed,
    idOf: (body) => body.order_id,
  });
  const eventId = id.safeParse(record.headers?.ce_id?.toString());
  if (!eventId.success) throw new RecordFault('invalid', 'the header ce_id is not the id of an event');
  return { eventId: eventId.data, orderId: order_id, what: 'order.processed' };
}
