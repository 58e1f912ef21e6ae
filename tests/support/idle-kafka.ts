import { createKafka } from '../../src/platform/kafka.ts';

// node idle-kafka.ts <brokers> <topic>: a producer, an admin client and a consumer that have done something and then do nothing.
// Prints a line of JSON: the timers that ran and the warnings that came in so many seconds of that.

const idleMs = 5_000;
const [brokers = '', topic = ''] = process.argv.slice(2);
const warnings: string[] = [];
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`));

let timersRun = 0;
for (const name of ['setTimeout', 'setInterval'] as const) {
  const arm = globalThis[name];
  const counting = (work: () => void, ms?: number) =>
    arm(() => {
      timersRun += 1;
      work();
    }, ms);
  Object.assign(globalThis, { [name]: counting });
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const kafka = createKafka({ brokers: brokers.split(','), clientId: 'idle', log: silent });
const [producer, admin, consumer] = [kafka.producer(), kafka.admin(), kafka.consumer(`idle-${topic}`)];
await Promise.all([producer.connect(), admin.connect(), consumer.connect()]);
const arrived = Promise.withResolvers<void>();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
await consumer.run({ eachMessage: async () => arrived.resolve() });
const sends = Array.from({ length: 20 }, () =>
  producer.send({ topic, acks: -1, messages: [{ key: 'one', value: 'one' }] }),
);
await Promise.all([...sends, admin.fetchTopicOffsets(topic), arrived.promise]);

timersRun = 0;
await new Promise((resolve) => setTimeout(resolve, idleMs));
process.stdout.write(`${JSON.stringify({ timersASecond: timersRun / (idleMs / 1_000), warnings })}\n`);
await Promise.all([producer.disconnect(), admin.disconnect(), consumer.disconnect()]);
