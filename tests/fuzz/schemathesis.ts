import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { once, run } from '../../stack/download.ts';
import { answerOf } from '../../stack/parts/source.ts';
import type { Tool } from '../support/tools.ts';

const version = '4.32.5';
const requirements = fileURLToPath(new URL('./requirements.txt', import.meta.url));

/** The folder that it and what it needs are installed into, apart from any other Python package of the machine. */
export const schemathesis: Tool = {
  name: 'schemathesis',
  sources: [
    {
      from: `pip install schemathesis==${version}`,
      lacks: (settings) =>
        answerOf(['python3', '-m', 'pip', '--version'], settings)
          ? undefined
          : 'python3 with pip is not on PATH',
      get: ({ parts, env }) =>
        once(join(parts, `schemathesis-${version}`), `schemathesis ${version} by pip`, async (into) => {
          const quiet = ['--quiet', '--disable-pip-version-check', '--no-warn-script-location'];
          const pip = ['python3', '-m', 'pip', 'install', ...quiet, '--no-deps', '--target', into];
          await run([...pip, '--requirement', requirements], { env });
        }),
    },
  ],
};
