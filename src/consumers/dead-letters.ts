import { type IHeaders, isRefusal } from '../platform/kafka.ts';
import type { Copies, Received } from './copies.ts';
import type { LetterClass } from './faults.ts';

export interface DeadLetter extends Received {
  readonly group: string;
  readonly class: LetterClass;
  readonly reason: string;
  /** How often it was tried. */
  readonly attempts: number;
}

/** Resolves when the broker has the letter: key, value and headers as they came, with why and whence beside them. */
export async function setAside(copies: Copies, deadLetterTopic: string, letter: DeadLetter): Promise<void> {
  try {
    await copies.send(deadLetterTopic, asItCame(letter), explanation(letter));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // A record that cannot be repeated as it came must not hold up all that come after it.
    await copies.send(deadLetterTopic, cut(letter), { ...explanation(letter), dlq_cut: sizeOf(letter) });
  }
}

/** Without what an earlier death, or a stranger, said of it. */
function asItCame({ message, topic, partition }: DeadLetter): Received {
  const headers = Object.entries(message.headers ?? {}).filter(([name]) => !name.startsWith('dlq_'));
  return { message: { ...message, headers: Object.fromEntries(headers) }, topic, partition };
}

// Far below the topic's 6 MiB; enough to recognise what it was. The record itself stays in its topic at the offset named.
const cutBytes = 65_536;

function cut({ message, topic, partition }: DeadLetter): Received {
  const { key, value, offset } = message;
  const short = {
    key: key?.subarray(0, cutBytes) ?? null,
    value: value?.subarray(0, cutBytes) ?? null,
    headers: {},
    offset,
  };
  return { message: short, topic, partition };
}

function sizeOf({ message: { key, value } }: DeadLetter): string {
  return `${key?.length ?? 0}+${value?.length ?? 0} bytes and headers`;
}

function explanation(letter: DeadLetter): IHeaders {
  return {
    dlq_class: letter.class,
    dlq_reason: letter.reason,
    dlq_group: letter.group,
    dlq_topic: letter.topic,
    dlq_partition: String(letter.partition),
    dlq_offset: letter.message.offset,
    dlq_attempts: String(letter.attempts),
    dlq_time: new Date().toISOString(),
  };
}
