import { join } from 'node:path';
import { once, run } from '../stack/download.ts';
import { answerOf, type Source } from '../stack/parts/source.ts';
import { onPath } from '../stack/settings.ts';

const version = 'v1.3.0';

/** From 1.0 on k6 runs TypeScript unbuilt and has a global `crypto`. */
export const k6Sources: Source[] = [
  {
    from: 'K6',
    lacks: ({ env }) => (env.K6 ? undefined : 'K6, the path of a k6 program, is not set'),
    get: async ({ env }) => env.K6 ?? '',
  },
  {
    from: 'k6 on PATH',
    lacks: (settings) =>
      /^k6 v[1-9]/.test(answerOf(['k6', 'version'], settings) ?? '')
        ? undefined
        : 'no k6 1.0 or newer on PATH',
    get: async ({ env }) => onPath('k6', env) ?? 'k6',
  },
  {
    from: `go install k6 ${version} (about 90 s, once)`,
    lacks: (settings) => (answerOf(['go', 'version'], settings) ? undefined : 'Go is not on PATH'),
    get: async ({ parts, env }) => {
      const folder = await once(join(parts, `k6-${version}`), `k6 ${version}`, async (into) => {
        await run(['go', 'install', `go.k6.io/k6@${version}`], { env: { ...env, GOBIN: into } });
      });
      return join(folder, 'k6');
    },
  },
];
