import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { installTemporal } from '../../src/platform/temporal.ts';
import { silent } from './log.ts';
import { parts } from './parts.ts';

// Before the first connection of a test file: what a worker says of workflows that fail on purpose is no news.
await installTemporal(silent);

/** While a worker polls that runs the workflows of this file. */
export async function polling(taskQueue: string, workflows: URL, work: () => Promise<void>): Promise<void> {
  const connection = await NativeConnection.connect({ address: parts().temporalAddress });
  try {
    const workflowsPath = fileURLToPath(workflows);
    const worker = await Worker.create({ connection, taskQueue, workflowsPath });
    await worker.runUntil(work);
  } finally {
    await connection.close();
  }
}
