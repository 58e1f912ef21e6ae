import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { startTestApi } from '../support/api.ts';
import { describeWith, needsTool } from '../support/tools.ts';
import { schemathesis } from './schemathesis.ts';

// `make fuzz` asks for more.
const examples = Number(process.env.FUZZ_EXAMPLES ?? 15);
const config = fileURLToPath(new URL('./schemathesis.toml', import.meta.url));

describeWith('schemathesis', await needsTool(schemathesis), (folder) => {
  test(
    'finds no answer that is not in the document, and no fault of ours',
    async () => {
      await using api = await startTestApi();
      const seed = process.env.FUZZ_SEED ?? '1';
      // It keeps what it found where it runs.
      const cwd = mkdtempSync(join(tmpdir(), 'tbd-fuzz-'));
      const child = spawn(
        'python3',
        [
          ...[`${folder}/bin/st`, '--no-color', '--config-file', config, 'run'],
          `http://127.0.0.1:${api.port}/openapi.json`,
          ...['--phases', 'examples,coverage,fuzzing,stateful', '--mode', 'all'],
          ...['--max-examples', String(examples), '--seed', seed, '--continue-on-failure'],
          ...['--request-timeout', '10', '--suppress-health-check', 'all', '--generation-database', 'none'],
        ],
        {
          cwd,
          env: { ...process.env, PYTHONPATH: folder, PYTHONUTF8: '1' },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      const [output, errors, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      rmSync(cwd, { recursive: true });
      if (code !== 0) throw new Error(`schemathesis ended with ${code}\n${output}\n${errors}`);
      expect(output).toMatch(/\d+ generated/);
      expect(api.lines.filter(({ level }) => level === 'error')).toEqual([]);
      expect((await api.call()).status).toBe(202);
    },
    60_000 + examples * 10_000,
  );
});
