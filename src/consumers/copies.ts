import { byOrigin, type IHeaders, type KafkaClient, type KafkaMessage } from '../platform/kafka.ts';
import { valuesOf } from './headers.ts';

/** A record as it was read, or as it came back, which has no time any more. */
export type ConsumedRecord = Pick<KafkaMessage, 'key' | 'value' | 'headers' | 'offset'> &
  Partial<Pick<KafkaMessage, 'timestamp'>>;

/** A record and where it was read first. */
export interface Received {
  readonly message: ConsumedRecord;
  readonly topic: string;
  readonly partition: number;
}

export interface Copies extends AsyncDisposable {
  /** Resolves when the broker has it: key, value and headers as they came, with `more` headers beside them. */
  send(topic: string, original: Received, more: IHeaders): Promise<void>;
}

export async function openCopies(kafka: KafkaClient): Promise<Copies> {
  // The loop repeats what fails, with heartbeats between; four tries in here would outlast its membership.
  const producer = kafka.producer({ retries: 0, partitioner: () => byOrigin });
  await producer.connect();
  return {
    async send(topic, { message: { key, value, headers }, partition }, more) {
      const record = {
        partition,
        key,
        value,
        headers: { ...Object.fromEntries(valuesOf(headers)), ...more },
      };
      await producer.send({ topic, acks: -1, messages: [record] });
    },
    [Symbol.asyncDispose]: () => producer.disconnect(),
  };
}
