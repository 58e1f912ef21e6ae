import {
  type IHeaders,
  isRefusal,
  type KafkaClient,
  type KafkaMessage,
  type PartitionerArgs,
} from '../platform/kafka.ts';

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
  const producer = kafka.producer({ retries: 0, partitioner: () => byOrigin });
  await producer.connect();
  const send = (record: LetterRecord) =>
    producer.send({ topic: deadLetterTopic, acks: -1, messages: [record] });
  return {
    async setAside(letter) {
      try {
        await send(whole(letter));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        // A record that cannot be repeated as it came must not hold up all that come after it.
        await send(cut(letter));
      }
    },
    [Symbol.asyncDispose]: () => producer.disconnect(),
  };
}

/**
 * The partition a record came from, as far as there are so many: one key's letters stay in order. Not by the key's hash, for
 * which kafkajs needs 0.2 s of CPU for 64 kB and minutes for the megabyte that a foreign key may have.
 */
function byOrigin({ message, partitionMetadata }: PartitionerArgs): number {
  return (message.partition ?? 0) % partitionMetadata.length;
}

interface LetterRecord {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

function whole(letter: DeadLetter): LetterRecord {
  const { key, value, headers } = letter.message;
  const { partition } = letter;
  return { partition, key, value, headers: { ...sendable(headers), ...explanation(letter) } };
}

/**
 * kafkajs reads headers that it cannot send: a null value (other producers may), and for a name that every object has,
 * such as `constructor`, the inherited function beside the value.
 */
function sendable(headers: IHeaders = {}): IHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, given]) => {
      const values = [given].flat().map((value) => value ?? '');
      return [name, values.filter((value) => typeof value === 'string' || Buffer.isBuffer(value))];
    }),
  );
}

// Far below the topic's 6 MiB; enough to recognise what it was. The record itself stays in its topic at the offset named.
const cutBytes = 65_536;

function cut(letter: DeadLetter): LetterRecord {
  const { key, value } = letter.message;
  return {
    partition: letter.partition,
    key: key?.subarray(0, cutBytes) ?? null,
    value: value?.subarray(0, cutBytes) ?? null,
    headers: {
      ...explanation(letter),
      dlq_cut: `${key?.length ?? 0}+${value?.length ?? 0} bytes and headers`,
    },
  };
}

function explanation({ message, topic, partition, group, class: faultClass, reason }: DeadLetter): IHeaders {
  return {
    dlq_class: faultClass,
    dlq_reason: reason,
    dlq_group: group,
    dlq_topic: topic,
    dlq_partition: String(partition),
    dlq_offset: message.offset,
    dlq_time: new Date().toISOString(),
  };
}
