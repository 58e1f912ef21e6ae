import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { outsideFolder } from './parts/postgres-place.ts';

/** Removes what a stopped stack left under its home; the downloaded parts lie there too and stay. */
export function wipe(home: string): void {
  const folders = ['data', 'logs', 'run'].map((name) => join(home, name));
  for (const folder of [...folders, outsideFolder(home)]) rmSync(folder, { recursive: true, force: true });
}
