import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { kafkaProxy, makeTopics, testKafka } from '../support/kafka.ts';
import { parts } from '../support/parts.ts';

const idleProgram = fileURLToPath(new URL('../support/idle-kafka.ts', import.meta.url));

// Side by side: both wait.
test.concurrent('clients that have nothing to do hardly wake their process, and Node has nothing to warn of', async () => {
  const { all } = await makeTopics(['all']);
  // In a process of its own: jest hides warnings, and other tests' timers would count.
  const { stdout } = await promisify(execFile)(process.execPath, [idleProgram, parts().brokers.join(), all]);
  const { timersASecond, warnings } = JSON.parse(stdout);
  expect(warnings).toEqual([]);
  // Of kafkajs as it comes: a thousand for each connection.
  expect(timersASecond).toBeLessThan(10);
}, 60_000);

test.concurrent('a request that gets no answer is given up after its time', async () => {
  await using proxy = await kafkaProxy();
  const admin = testKafka([`127.0.0.1:${proxy.port}`]).admin();
  await admin.connect();
  proxy.hang();
  const asking = admin.listTopics().then(
    () => 'answered',
    (error: unknown) => String(error),
  );
  // After the limit of 10 s.
  expect(await asking).toContain('timed out');
  await proxy.cut();
  await admin.disconnect();
}, 60_000);
