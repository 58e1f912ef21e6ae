import { z } from 'zod';
import { readBody } from '../consumers/envelope.ts';
import { RecordFault } from '../consumers/faults.ts';
import type { ValueReader } from '../consumers/formats/value-reader.ts';
import type { KafkaMessage } from '../platform/kafka.ts';
import type { Notification } from '../store/notifications.ts';

const id = z.uuid().lowercase();

const orderProcessed = z.object({ order_id: id });
const idOf = ({ order_id }: z.output<typeof orderProcessed>) => order_id;

/** What a record of order.processed has to tell; throws RecordFault with the reason where it can never be understood. */
export async function readNotification(
  record: Pick<KafkaMessage, 'key' | 'value' | 'headers'>,
  readValue: ValueReader | undefined,
): Promise<Notification> {
  const type = 'order.processed';
  const shape = { subject: 'order', type, schema: orderProcessed, idOf } as const;
  const { order_id } = await readBody(record, shape, readValue);
  const eventId = id.safeParse(record.headers?.ce_id?.toString());
  if (!eventId.success) throw new RecordFault('invalid', 'the header ce_id is not the id of an event');
  return { eventId: eventId.data, orderId: order_id, what: type };
}
