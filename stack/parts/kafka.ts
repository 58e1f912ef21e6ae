import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { once, run } from '../download.ts';
import { partPorts } from '../ports.ts';
import { type Settings, systemEnvironment } from '../settings.ts';
import { type ProcessSpec, runFile, writeWhole } from '../table.ts';
import { java } from './java.ts';
import { kafkaSources } from './kafka-sources.ts';
import { obtain } from './source.ts';

const JVM = [
  '-Xms256m',
  '-Xmx512m',
  '-XX:+ExitOnOutOfMemoryError',
  // One node with little to do: the second compiler and the parallel collector cost more than they save (ADR 8).
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
];
// The largest record is 6 MiB (retry and dlq topics); batches carry some bytes more.
const LARGEST_BATCH_BYTES = 7 * 1024 * 1024;
// After a kill the new broker is let in only when the session of the dead one ends; the default is 9 s.
const SESSION_MS = 4_000;

export async function prepareKafka(settings: Settings): Promise<ProcessSpec> {
  const jars = await obtain('Apache Kafka', kafkaSources, settings);
  const data = join(settings.home, 'data', 'kafka');
  const file = runFile(settings.home, 'kafka.properties');
  const command = (main: string): [string, ...string[]] => [
    java(settings),
    ...JVM,
    `-Dlog4j2.configurationFile=${LOGGING}`,
    '-cp',
    join(jars, '*'),
    main,
  ];
  const tool = command('kafka.tools.StorageTool');
  await once(data, 'a new Kafka log', (into) => format(into, settings, tool));
  const configuration = properties(settings, data);
  writeWhole(file, configuration);
  return {
    name: 'kafka',
    roles: [],
    command: [...command('kafka.Kafka'), file],
    env: systemEnvironment(settings.env),
    cwd: settings.home,
    ports: partPorts('kafka', settings),
    ready: { kind: 'kafka', host: '127.0.0.1', port: settings.ports.KAFKA_PORT },
    stop: { stage: 'kafka', signal: 'SIGTERM', withinMs: 20_000 },
    contents: createHash('sha256').update(configuration).digest('hex'),
  };
}

const LOGGING = join(import.meta.dirname, 'kafka-log4j2.properties');

async function format(into: string, settings: Settings, tool: string[]): Promise<void> {
  const file = runFile(settings.home, 'kafka-format.properties');
  writeWhole(file, properties(settings, into));
  // An id that starts with a dash would be taken for an option.
  const cluster = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  await run([...tool, 'format', '--config', file, '--cluster-id', cluster], { env: settings.env });
}

// A static quorum: with a dynamic one the controller's port is written into the data and could never change.
function properties({ ports }: Settings, data: string): string {
  const broker = `PLAINTEXT://127.0.0.1:${ports.KAFKA_PORT}`;
  const controller = `127.0.0.1:${ports.KAFKA_CONTROLLER_PORT}`;
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@${controller}
controller.listener.names=CONTROLLER
listeners=${broker},CONTROLLER://${controller}
advertised.listeners=${broker}
log.dirs=${data}
auto.create.topics.enable=false
message.max.bytes=${LARGEST_BATCH_BYTES}
replica.fetch.max.bytes=${LARGEST_BATCH_BYTES}
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=${SESSION_MS}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=6
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
`.trimStart();
}
