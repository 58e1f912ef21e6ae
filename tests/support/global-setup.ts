import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { isAlive } from '../../stack/processes.ts';
import { startStack } from '../../stack/stack.ts';
import { readState } from '../../stack/table.ts';
import { wipe } from '../../stack/wipe.ts';

type TestStack = Awaited<ReturnType<typeof startStack>>;

let stack: TestStack | undefined;

/** One stack for the whole run, on free ports and with data of its own. */
export async function startTestStack(): Promise<void> {
  const home = freeHome();
  wipe(home);
  stack = await startStack({ home, ports: 'free' });
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
