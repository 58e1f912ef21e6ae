import { rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { isAlive } from '../../stack/processes.ts';
import { startStack } from '../../stack/stack.ts';
import { readState } from '../../stack/table.ts';
import { wipe } from '../../stack/wipe.ts';
import { nothingGiven } from './nothing-given.ts';

const stacks: Awaited<ReturnType<typeof startStack>>[] = [];

// A test that breaks the payment service or kills a consumer must not keep the next one waiting for half a minute, nor one that
// waits for the keeper.
const shortTimes = {
  CIRCUIT_BREAKER_TIMEOUT: '2s',
  KAFKA_SESSION_TIMEOUT: '8s',
  WATCHDOG_EVERY: '2s',
  WATCHDOG_PATIENCE: '10s',
};

/** One stack for the whole run, on free ports and with data of its own. */
export function startTestStack(): Promise<void> {
  return start({ folder: process.env.TBD_TEST_HOME || '.tbd/test', partsOnly: false });
}

/** The same without roles: they cost ten seconds and a tenth of a core. */
export function startTestParts({ shard }: { shard?: { shardIndex: number } }): Promise<void> {
  return start({ folder: `.tbd/test-parts${shard ? `-${shard.shardIndex}` : ''}`, partsOnly: true });
}

async function start({ folder, partsOnly }: { folder: string; partsOnly: boolean }): Promise<void> {
  const home = freeHome(folder);
  wipe(home);
  try {
    // Where a run needs both, each has its own parts.
    const env = stacks.length > 0 ? { ...shortTimes, ...nothingGiven } : shortTimes;
    const stack = await startStack({ home, ports: 'free', env, partsOnly });
    stacks.push(stack);
    Object.assign(process.env, stack.env);
  } catch (error) {
    // jest ends without a word to its reporters and mutes process.stdout, so the closing line is written here, to the file.
    process.on('exit', () => writeSync(1, '0 passed, 1 failed\n'));
    throw error;
  }
}

export async function stopTestStacks(): Promise<void> {
  for (const stack of stacks) {
    await stack.stop();
    if (stack.home.endsWith(`-${process.pid}`)) rmSync(stack.home, { recursive: true });
  }
}

// Two runs at once do not share one stack.
function freeHome(folder: string): string {
  const home = resolve(folder);
  const supervisor = readState(home)?.supervisor;
  return supervisor && isAlive(supervisor) ? `${home}-${process.pid}` : home;
}

// jest takes the default export.
export default startTestStack;
