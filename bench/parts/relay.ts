import { alternate, controlRatios, pairRatios } from '../measure/blocks.ts';
import { ratioOf } from '../measure/statistics.ts';
import { timed } from '../measure/timed.ts';
import type { Part } from '../rows.ts';
import { openRelayedOutbox } from '../subjects/relayed-outbox.ts';
import type { System } from '../system.ts';

export interface RelayPlan {
  readonly passes: number;
  readonly rows: number;
}

// As many as the relay claims at a time.
const batchRows = 500;

/** The relay beside the same client that sends the same bytes from memory. */
export async function relay(
  system: System,
  { passes, rows }: RelayPlan,
  say: (line: string) => void,
): Promise<Part> {
  await using outbox = await openRelayedOutbox(system, 'bench_relay');
  const producer = outbox.kafka.producer();
  await producer.connect();
  await using _producer = { [Symbol.asyncDispose]: () => producer.disconnect() };
  const records = outbox.records(rows);
  const sendAll = async (): Promise<void> => {
    for (let at = 0; at < rows; at += batchRows) {
      const messages = records.slice(at, at + batchRows);
      await producer.sendBatch({ topicMessages: [{ topic: outbox.topic, messages }], acks: -1 });
    }
  };
  // What both compile on the way is not the one's that comes first.
  await Promise.all([outbox.drain(rows), sendAll()]);
  const blocks = await alternate(
    passes,
    { relay: () => outbox.drain(rows), raw: () => timed(rows, sendAll) },
    (name, { perSecond }) => say(`  ${name.padEnd(6)} ${perSecond.toFixed(0)} a second`),
  );
  return {
    name: 'relay',
    control: ratioOf(controlRatios(blocks.raw)),
    rows: [
      {
        id: 'relay/sendBatch',
        question: 'rows relayed a second, from the insert to the acknowledgement ÷ raw sendBatch of the same',
        ratio: ratioOf(pairRatios(blocks.relay, blocks.raw, ({ perSecond }) => perSecond)),
        bar: { least: 0.4, stretch: 0.6 },
      },
    ],
    notes: Object.entries(blocks).map(
      ([name, of]) => `${name}: ${of.map(({ perSecond }) => perSecond.toFixed(0)).join(' ')} a second`,
    ),
  };
}
