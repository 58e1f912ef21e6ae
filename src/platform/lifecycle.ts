import type { Logger } from './logger.ts';

export interface Life {
  /** Resources are released in the reverse order of their acquisition. */
  readonly resources: AsyncDisposableStack;
  /** A role that can no longer do its work calls this: the process drains and exits with 1, and its supervisor starts it anew. */
  readonly fatal: (error: unknown) => void;
}

/** Starts, waits for a signal or a fatal fault, and releases everything within `graceMs`; a second signal exits at once. */
export async function live(
  start: (life: Life) => Promise<void>,
  { log, graceMs }: { log: Logger; graceMs: number },
): Promise<void> {
  const resources = new AsyncDisposableStack();
  const ended = Promise.withResolvers<{ exitCode: number }>();
  const fatal = (error: unknown): void => {
    log.error({ err: error }, 'process gives up');
    ended.resolve({ exitCode: 1 });
  };
  let signals = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(1);
      log.info({ signal }, 'draining');
      ended.resolve({ exitCode: 0 });
    });
  }
  // Node's own listener prints them beside the log.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn({ err: warning }, 'Node warns'));
  process.on('unhandledRejection', fatal);
  process.on('uncaughtException', fatal);

  start({ resources, fatal }).catch(fatal);
  const { exitCode } = await ended.promise;
  process.exitCode = exitCode;
  // Unreferenced: it must not keep a process alive that has already released everything.
  setTimeout(() => {
    log.error({ grace_ms: graceMs }, 'drain took too long, exiting');
    process.exit(1);
  }, graceMs).unref();
  await resources.disposeAsync();
  log.info({}, 'drained');
  process.exit();
}
