import vm from 'node:vm';
import { parentPort } from 'node:worker_threads';

// What the SDK does in a workflow thread: code runs in a context of its own, under a time limit.

const context = vm.createContext({});
parentPort?.on('message', (code: string) => {
  parentPort?.postMessage(new vm.Script(code).runInContext(context, { timeout: 100 }));
});
