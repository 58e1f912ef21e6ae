import { rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { isAlive } from '../../stack/processes.ts';
import { startStack } from '../../stack/stack.ts';
import { readState } from '../../stack/table.ts';
import { wipe } from '../../stack/wipe.ts';

type TestStack = Awaited<ReturnType<typeof startStack>>;

let stack: TestStack | undefined;

// A test that breaks the payment service must not keep the next one waiting for half a minute, nor one that waits for the keeper.
const shortTimes = { CIRCUIT_BREAKER_TIMEOUT: '2s', WATCHDOG_EVERY: '2s', WATCHDOG_PATIENCE: '10s' };

/** One stack for the whole run, on free ports and with data of its own. */
export async function startTestStack(): Promise<void> {
  const home = freeHome();
  wipe(home);
  try {
    stack = await startStack({ home, ports: 'free', env: shortTimes });
  } catch (error) {
    // jest ends without a word to its reporters and mutes process.stdout, so the closing line is written here, to the file.
    process.on('exit', () => writeSync(1, '0 passed, 1 failed\n'));
    throw error;
  }
  Object.assign(process.env, stack.env);
}

export async function stopTestStack(): Promise<void> {
  await stack?.stop();
  if (stack?.home.endsWith(`-${process.pid}`)) rmSync(stack.home, { recursive: true });
}

// Two runs at once do not share one stack.
function freeHome(): string {
  const home = resolve(process.env.TBD_TEST_HOME || '.tbd/test');
  const supervisor = readState(home)?.supervisor;
  return supervisor && isAlive(supervisor) ? `${home}-${process.pid}` : home;
}

// jest takes the default export.
export default startTestStack;
