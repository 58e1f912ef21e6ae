// Every test, in the Makefile's environment for jest, in three lanes, since most of them wait more than they compute; one
// line at the end counts them all.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

interface Run {
  readonly output: string;
  readonly exitCode: number;
}

// Whichever lane is free takes the next: the longest first.
const projects = [
  ['apart'],
  ['integration', '--shard=1/2'],
  ['integration', '--shard=2/2'],
  ['real'],
  ['unit'],
];
const lanes = 3;
const runs: Run[] = [];
await Promise.all(Array.from({ length: lanes }, inTurn));
process.stdout.write(`${sum(runs)}\n`);
process.exitCode = Math.max(...runs.map(({ exitCode }) => exitCode));

async function inTurn(): Promise<void> {
  for (let next = projects.shift(); next !== undefined; next = projects.shift()) runs.push(await run(next));
}

/** What a project's jest said; its report is shown line by line, so that two do not write into one another. */
async function run(project: readonly string[]): Promise<Run> {
  const jest = ['node_modules/jest/bin/jest.js', '--selectProjects', ...project];
  const child = spawn(process.execPath, jest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  createInterface({ input: child.stderr }).on('line', (line) => process.stderr.write(`${line}\n`));
  const output = await text(child.stdout);
  const [exitCode] = await ended;
  return { output, exitCode: exitCode ?? 1 };
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
