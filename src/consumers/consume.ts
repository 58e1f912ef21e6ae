import { setTimeout } from 'node:timers/promises';
import { dependencyDown, recordSetAside } from '../facts.ts';
import type { Consumer, EachBatchPayload, KafkaClient, KafkaMessage } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';
import type { RecordPosition } from '../workflows/contract.ts';
import { type DeadLetter, type DeadLetterOffice, openDeadLetters } from './dead-letters.ts';
import { RecordFault } from './envelope.ts';

export interface Consumption {
  readonly kafka: KafkaClient;
  readonly group: string;
  /** All members of a group name the same topics: the group's leader assigns only those it knows. */
  readonly topics: readonly string[];
  readonly deadLetterTopic: string;
  /** Records handled at once. */
  readonly concurrency: number;
  /** Resolves when the record's effect is durable; throws RecordFault when it can never be, anything else for "not now". */
  readonly handle: (message: KafkaMessage, position: RecordPosition) => Promise<void>;
  /** True while no more should be taken on. */
  readonly isBehind: () => Promise<boolean>;
  readonly log: Logger;
  readonly fatal: (error: unknown) => void;
}

export interface RunningConsumer extends AsyncDisposable {
  /** Rejects when the consumer has neither fetched nor kept its membership for a minute, whatever else still answers. */
  readonly check: () => Promise<void>;
}

const firstPauseMs = 250;
const longestPauseMs = 5_000;
const behindPauseMs = 20;
const longestSilenceMs = 60_000;

/** Consumes until disposed. An offset is committed only after its record's effect, or its dead letter, is durable. */
export async function startConsumer(consumption: Consumption): Promise<RunningConsumer> {
  const { kafka, group, topics, fatal } = consumption;
  const deadLetters = await openDeadLetters(kafka, consumption.deadLetterTopic);
  const consumer = kafka.consumer(group);
  exitWhenDead(consumer, fatal);
  const check = watchProgress(consumer);
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    eachBatchAutoResolve: false,
    // A crash redelivers at most what a second brings.
    autoCommitInterval: 1_000,
    eachBatch: (payload) => consumeBatch(consumption, deadLetters, payload),
  });
  return {
    check,
    async [Symbol.asyncDispose]() {
      await consumer.disconnect();
      await deadLetters[Symbol.asyncDispose]();
    },
  };
}

async function consumeBatch(
  consumption: Consumption,
  deadLetters: DeadLetterOffice,
  payload: EachBatchPayload,
): Promise<void> {
  const { batch, resolveOffset, commitOffsetsIfNecessary, heartbeat, isRunning } = payload;
  const { messages } = batch;
  for (let at = 0; at < messages.length && isRunning(); at += consumption.concurrency) {
    const window = messages.slice(at, at + consumption.concurrency);
    while ((await consumption.isBehind()) && isRunning()) await pause(behindPauseMs, heartbeat);
    await heartbeat();
    if (!(await settle(consumption, deadLetters, payload, window))) return;
    for (const { offset } of window.slice(-1)) resolveOffset(offset);
    await heartbeat();
    await commitOffsetsIfNecessary();
  }
}

/**
 * Repeats what met an outage until all of the window is durable; false when the consumer is to stop first.
 * The member stays in its group: each round has its own deadline, and only a finished round sends a heartbeat.
 */
async function settle(
  consumption: Consumption,
  deadLetters: DeadLetterOffice,
  { batch, heartbeat, isRunning }: EachBatchPayload,
  window: readonly KafkaMessage[],
): Promise<boolean> {
  let waiting = window;
  for (let retryMs = firstPauseMs; isRunning(); retryMs = Math.min(retryMs * 2, longestPauseMs)) {
    const outages = await Promise.all(
      waiting.map((message) => attempt(consumption, deadLetters, { message, ...batch })),
    );
    waiting = waiting.filter((_, index) => outages[index] !== undefined);
    if (waiting.length === 0) return true;
    dependencyDown(consumption.log, { error: outages.find((outage) => outage !== undefined), retryMs });
    await pause(retryMs, heartbeat);
  }
  return false;
}

interface Received {
  readonly message: KafkaMessage;
  readonly topic: string;
  readonly partition: number;
}

/** Undefined once the record, or its dead letter, is durable; else what stood in the way. */
async function attempt(
  { handle, group, log }: Consumption,
  deadLetters: DeadLetterOffice,
  { message, topic, partition }: Received,
): Promise<unknown> {
  try {
    await handle(message, { topic, partition, offset: message.offset });
  } catch (error) {
    if (!(error instanceof RecordFault)) return error;
    const letter: DeadLetter = {
      message,
      topic,
      partition,
      group,
      class: error.class,
      reason: error.message,
    };
    try {
      await deadLetters.setAside(letter);
    } catch (outage) {
      return outage;
    }
    recordSetAside(log, {
      topic,
      partition,
      offset: message.offset,
      class: error.class,
      reason: error.message,
    });
  }
}

async function pause(ms: number, heartbeat: () => Promise<void>): Promise<void> {
  await setTimeout(ms);
  await heartbeat();
}

/** kafkajs rebuilds its consumer after faults it calls retriable; after any other the process must not live on consuming nothing. */
function exitWhenDead(consumer: Consumer, fatal: (error: unknown) => void): void {
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) fatal(payload.error);
  });
}

function watchProgress(consumer: Consumer): () => Promise<void> {
  let seenAt = performance.now();
  const seen = (): void => {
    seenAt = performance.now();
  };
  consumer.on(consumer.events.FETCH, seen);
  consumer.on(consumer.events.HEARTBEAT, seen);
  return async () => {
    const silentMs = performance.now() - seenAt;
    if (silentMs > longestSilenceMs)
      throw new Error(`no fetch and no heartbeat for ${Math.round(silentMs / 1_000)} s`);
  };
}
