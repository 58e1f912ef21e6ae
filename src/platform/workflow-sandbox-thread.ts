import v8 from 'node:v8';
import vm from 'node:vm';
import { workerData } from 'node:worker_threads';

// Loaded into a workflow thread before the SDK; see workflow-sandbox.ts, which passes the clock.

const clock = new Float64Array(workerData.clock);

v8.promiseHooks.createHook = () => () => {};

const { runInContext } = vm.Script.prototype;
vm.Script.prototype.runInContext = function runWithoutLimit(context, options) {
  const { timeout: _limit, ...rest } = options ?? {};
  clock[0] = Date.now();
  try {
    return runInContext.call(this, context, rest);
  } finally {
    clock[0] = 0;
  }
};
