import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once, run } from '../../stack/download.ts';
import { answerOf } from '../../stack/parts/source.ts';
import type { Tool } from '../support/tools.ts';

const version = 'v1.33.0';

/** Compares documents as clients see them. No package of npm does it for OpenAPI 3.1 without a download of its own. */
export const oasdiff: Tool = {
  name: 'oasdiff',
  sources: [
    {
      from: `go install oasdiff ${version}`,
      lacks: (settings) => (answerOf(['go', 'version'], settings) ? undefined : 'Go is not on PATH'),
      get: async ({ parts, env }) => {
        const folder = await once(join(parts, `oasdiff-${version}`), 'oasdiff', async (into) => {
          const module = `github.com/oasdiff/oasdiff@${version}`;
          await run(['go', 'install', module], { env: { ...env, GOBIN: into } });
        });
        return join(folder, 'oasdiff');
      },
    },
  ],
};

// A client may be waiting for the value that no longer comes; to oasdiff that is harmless.
const severities = 'response-property-enum-value-removed err\n';

// Of oasdiff's levels, 3 is what breaks clients.
const breaking = 3;

interface Change {
  readonly text: string;
  readonly level: number;
  readonly operation?: string;
  readonly path?: string;
}

/** What in `revision` would break a client of `base`, a line each; both are OpenAPI documents as text. */
export async function breakingChanges(tool: string, base: string, revision: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'openapi-'));
  try {
    const write = (name: string, text: string): string => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    };
    const output = await run(
      [
        tool,
        'breaking',
        write('base.json', base),
        write('revision.json', revision),
        '--format=json',
        `--severity-levels=${write('severities.txt', severities)}`,
      ],
      { env: process.env, cwd: folder },
    );
    const changes: readonly Change[] = JSON.parse(output);
    return changes
      .filter(({ level }) => level >= breaking)
      .map(({ operation = '', path = '', text }) => `${operation} ${path} ${text}`.trim());
  } finally {
    rmSync(folder, { recursive: true });
  }
}
