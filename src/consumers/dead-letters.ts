import type { KafkaClient, KafkaMessage } from '../platform/kafka.ts';

export interface DeadLetter {
  readonly message: KafkaMessage;
  readonly topic: string;
  readonly partition: number;
  readonly group: string;
  readonly class: string;
  readonly reason: string;
}

export interface DeadLetterOffice extends AsyncDisposable {
  /** Resolves when the broker has the letter: key, value and headers as they came, with why and whence beside them. */
  setAside(letter: DeadLetter): Promise<void>;
}

export async function openDeadLetters(
  kafka: KafkaClient,
  deadLetterTopic: string,
): Promise<DeadLetterOffice> {
  // The loop repeats what fails, with heartbeats between; four tries in here would outlast its membership.
  const producer = kafka.producer({ retries: 0 });
  await producer.connect();
  return {
    async setAside({ message, topic, partition, group, class: faultClass, reason }) {
      const headers = {
        ...message.headers,
        dlq_class: faultClass,
        dlq_reason: reason,
        dlq_group: group,
        dlq_topic: topic,
        dlq_partition: String(partition),
        dlq_offset: message.offset,
        dlq_time: new Date().toISOString(),
      };
      await producer.send({
        topic: deadLetterTopic,
        acks: -1,
        messages: [{ key: message.key, value: message.value, headers }],
      });
    },
    [Symbol.asyncDispose]: () => producer.disconnect(),
  };
}
