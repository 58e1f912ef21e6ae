import { createRequire } from 'node:module';
import type * as workerThreads from 'node:worker_threads';
import { leanSandbox } from './workflow-sandbox.ts';

// As the SDK does: the class is looked up when a thread is started.
const threads: typeof workerThreads = createRequire(import.meta.url)('node:worker_threads');

async function start(code: string, onStuck: (error: Error) => void) {
  const sandbox = leanSandbox(onStuck);
  const fixture = new URL('./workflow-sandbox.fixture.ts', import.meta.url);
  const worker = await sandbox.within(async () => new threads.Worker(fixture));
  worker.postMessage(code);
  return {
    worker,
    async [Symbol.asyncDispose]() {
      sandbox[Symbol.dispose]();
      await worker.terminate();
    },
  };
}

test('a call that ends gives its result, and nobody is told', async () => {
  const told: Error[] = [];
  await using running = await start('6 * 7', (error) => told.push(error));
  const result = await new Promise((resolve, reject) => {
    running.worker.once('message', resolve).once('error', reject);
  });
  expect(result).toBe(42);
  expect(told).toEqual([]);
});

test('a workflow that computes for 5 s on end is told of, and until then nothing cuts it short', async () => {
  const stuck = Promise.withResolvers<Error>();
  await using running = await start('for (;;) {}', stuck.resolve);
  running.worker.once('error', stuck.reject);
  expect((await stuck.promise).message).toMatch(/computed for 5000 ms on end; look for a loop/);
}, 15_000);

test('threads that others start are left as they are', async () => {
  const { Worker } = threads;
  await using _running = await start('1', () => {});
  expect(threads.Worker).toBe(Worker);
});
