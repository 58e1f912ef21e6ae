import { join } from 'node:path';
import { once, run } from '../../stack/download.ts';
import { answerOf } from '../../stack/parts/source.ts';
import type { Tool } from './tools.ts';

const version = 'v4.19.1';

/** The command whose files and table ours shares. */
export const golangMigrate: Tool = {
  name: 'golang-migrate',
  sources: [
    {
      from: `go install migrate ${version}`,
      lacks: (settings) => (answerOf(['go', 'version'], settings) ? undefined : 'Go is not on PATH'),
      get: async ({ parts, env }) => {
        const folder = await once(join(parts, `migrate-${version}`), 'golang-migrate', async (into) => {
          const module = `github.com/golang-migrate/migrate/v4/cmd/migrate@${version}`;
          await run(['go', 'install', '-tags', 'postgres', module], { env: { ...env, GOBIN: into } });
        });
        return join(folder, 'migrate');
      },
    },
  ],
};
