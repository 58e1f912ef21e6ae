// Every test, in the Makefile's environment for jest: the unit tests beside the real ones, which wait more than they compute; one line at the end counts both.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

interface Run {
  readonly output: string;
  readonly errors: string;
  readonly exitCode: number;
}

const [unit, real] = await Promise.all([run('unit'), run('real', process.stderr)]);
process.stdout.write(`\n${unit.errors}`);
process.stdout.write(`${sum([real, unit])}\n`);
process.exitCode = Math.max(real.exitCode, unit.exitCode);

/** What a project's jest said; its report goes to `shown` while it comes. */
async function run(project: string, shown?: NodeJS.WritableStream): Promise<Run> {
  const jest = ['node_modules/jest/bin/jest.js', '--selectProjects', project];
  const child = spawn(process.execPath, jest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  if (shown !== undefined) child.stderr.on('data', (chunk) => shown.write(chunk));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [exitCode] = await ended;
  return { output, errors, exitCode: exitCode ?? 1 };
}

/** As tests/support/closing-line.ts ends each of them. */
function sum(runs: readonly Run[]): string {
  let [passed, failed, skipped] = [0, 0, 0];
  for (const { output, exitCode } of runs) {
    const counts = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(output);
    passed += Number(counts?.[1] ?? 0);
    // A run that ended without its line has failed as a whole.
    failed += Number(counts?.[2] ?? 1) || (exitCode === 0 ? 0 : 1);
    skipped += Number(counts?.[3] ?? 0);
  }
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
