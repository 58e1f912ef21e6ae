import { createRequire } from 'node:module';
import type * as workerThreads from 'node:worker_threads';

export interface LeanSandbox extends Disposable {
  /** What `create` starts as workflow threads is lean. */
  within<T>(create: () => Promise<T>): Promise<T>;
}

// The same limit that the SDK's own guard has for one call into a workflow.
const longestCallMs = 5_000;
const lookEveryMs = 1_000;

// The SDK takes the class from this object when it starts a thread.
const threads: typeof workerThreads = createRequire(import.meta.url)('node:worker_threads');

/**
 * Workflow threads without two costs that the SDK adds to every step of every workflow (docs/adr/0007):
 * - each call into the sandbox has a time limit, for which Node starts and ends a thread of its own; here a clock that all
 *   calls share is looked at once a second, and `onStuck` hears of a workflow that computes for 5 s on end;
 * - each promise remembers a source-mapped stack for the query `__stack_trace`, which is empty here.
 */
export function leanSandbox(onStuck: (error: Error) => void): LeanSandbox {
  const clocks: Clock[] = [];
  const timer = setInterval(() => {
    // All of them look, each remembers.
    if (clocks.map(isStuck).includes(true))
      onStuck(
        new Error(
          `A workflow has computed for ${longestCallMs} ms on end; look for a loop in src/workflows.`,
        ),
      );
  }, lookEveryMs).unref();
  return {
    async within(create) {
      const { Worker } = threads;
      threads.Worker = class extends Worker {
        constructor(file: string | URL, options?: workerThreads.WorkerOptions) {
          const clock = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
          clocks.push({ memory: new Float64Array(clock), lastSeen: 0 });
          const preload = new URL('./workflow-sandbox-thread.ts', import.meta.url).href;
          super(file, { ...options, workerData: { clock }, execArgv: ['--import', preload] });
        }
      };
      try {
        return await create();
      } finally {
        threads.Worker = Worker;
      }
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

interface Clock {
  /** When the call under way began, and 0 between calls. */
  readonly memory: Float64Array;
  lastSeen: number;
}

/** The same call twice, as a process that was stopped for a while sees each of its calls once as old. */
function isStuck(clock: Clock): boolean {
  const [began = 0] = clock.memory;
  const isSeenAgain = began === clock.lastSeen;
  clock.lastSeen = began;
  return began > 0 && isSeenAgain && Date.now() - began > longestCallMs;
}
