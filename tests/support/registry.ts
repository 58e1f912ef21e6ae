import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareRegistry, registryUrl } from '../../stack/parts/registry.ts';
import { freePorts } from '../../stack/ports.ts';
import { isReady } from '../../stack/readiness.ts';
import { readSettings } from '../../stack/settings.ts';
import { eventually } from './eventually.ts';

export interface TestRegistry extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Ends it as a crash does, and starts it again on what it kept. */
  readonly crash: () => Promise<void>;
}

/** The stack's own registry, with data of its own. */
export async function startTestRegistry(): Promise<TestRegistry> {
  const home = mkdtempSync(join(tmpdir(), 'tbd-registry-'));
  const { SCHEMA_REGISTRY_PORT } = await freePorts();
  const settings = readSettings({
    ...process.env,
    TBD_HOME: home,
    SCHEMA_REGISTRY_PORT: String(SCHEMA_REGISTRY_PORT),
  });
  const { command, env, ready } = await prepareRegistry(settings);
  let child: ChildProcess;
  const start = async () => {
    const [program, ...args] = command;
    child = spawn(program, args, { env, stdio: 'ignore' });
    await eventually(async () => expect(await isReady(ready)).toBe(true), 60_000);
  };
  const end = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    url: registryUrl(settings),
    port: SCHEMA_REGISTRY_PORT,
    crash: async () => {
      await end();
      await start();
    },
    [Symbol.asyncDispose]: async () => {
      await end();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
