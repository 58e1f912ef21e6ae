import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changeScale } from '../../stack/scale.ts';
import { readSettings } from '../../stack/settings.ts';
import { startStack } from '../../stack/stack.ts';
import { openSystem, type System } from '../acceptance/outside/system.ts';
import { nothingGiven } from './nothing-given.ts';

export { nothingGiven };

export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'tbd-own-'));
  chmodSync(home, 0o755); // as root Postgres is another user, who must get in
  return home;
}

export function removeHome(home: string): void {
  rmSync(home, { recursive: true, force: true });
}

/** For all tests of the file that calls it: a system that nobody else uses, gone after the last of them. */
export function systemOfFile({
  env = {},
  workers = 1,
}: {
  env?: Readonly<Record<string, string>>;
  workers?: number;
} = {}): () => System {
  const resources = new AsyncDisposableStack();
  let system: System;
  beforeAll(async () => {
    const home = temporaryHome();
    resources.defer(() => removeHome(home));
    changeScale(readSettings({ ...process.env, ...nothingGiven, TBD_HOME: home }), { worker: workers });
    const stack = resources.use(await startStack({ home, ports: 'free', env: { ...nothingGiven, ...env } }));
    system = resources.use(await openSystem(stack.env));
  }, 120_000);
  afterAll(() => resources.disposeAsync(), 60_000);
  return () => system;
}
