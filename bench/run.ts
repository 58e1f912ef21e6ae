import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Circumstances, circumstances } from './measure/machine.ts';
import { plans, type RunPart } from './plan.ts';
import { renderPictures } from './render/pictures.ts';
import { type Run, renderText } from './render/text.ts';
import { isVoid, type Part, verdict } from './rows.ts';
import { openSystem } from './system.ts';

// node bench/run.ts quick | bench | full [part…]: prints the report and writes it under bench/report/<mode>.

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const [mode = '', ...only] = process.argv.slice(2);
if (mode !== 'quick' && mode !== 'bench' && mode !== 'full') {
  process.stderr.write('Say how much: node bench/run.ts quick | bench | full [part…]\n');
  process.exit(2);
}
const folder = join(import.meta.dirname, 'report', mode);
const withChanges = ' with changes';
const commit = headCommit();
const isClean = !commit.endsWith(withChanges);
mkdirSync(folder, { recursive: true });

const chosen = Object.entries(plans[mode]).filter(([name]) => only.length === 0 || only.includes(name));
const began = performance.now();
const { parts, machine } =
  mode === 'full' ? await eachOnItsOwn(Object.entries(plans.full)) : await together(chosen);
const run: Run = {
  mode,
  date: new Date().toISOString().slice(0, 16).replace('T', ' '),
  commit,
  tookSeconds: (performance.now() - began) / 1_000,
  circumstances: machine,
  parts,
};
const text = renderText(run);
writeFileSync(join(folder, 'report.txt'), text);
writeFileSync(join(folder, 'report.json'), `${JSON.stringify(run, null, 1)}\n`);
for (const [name, svg] of Object.entries(await renderPictures(parts))) writeFileSync(join(folder, name), svg);
say(`\n${text}\nwritten to bench/report/${mode}`);
if (parts.some(isVoid) || parts.some(({ rows }) => rows.some((row) => verdict(row) === 'FAIL')))
  process.exitCode = 1;

/** One after the other on one stack. */
async function together(entries: [string, RunPart][]): Promise<{ parts: Part[]; machine: Circumstances }> {
  await using system = await openSystem();
  const finished: Part[] = [];
  for (const [name, runPart] of entries) {
    say(`${name} …`);
    finished.push(await runPart(system, say));
  }
  return { parts: finished, machine: await circumstances(system) };
}

interface Kept {
  readonly commit: string;
  readonly part: Part;
  readonly machine: Circumstances;
}

/** Each on a stack of its own and kept at once: a second run goes on where the first one ended. */
async function eachOnItsOwn(
  entries: [string, RunPart][],
): Promise<{ parts: Part[]; machine: Circumstances }> {
  const finished: Kept[] = [];
  for (const [name, runPart] of entries) {
    const file = join(folder, `${name}.json`);
    const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : undefined;
    if (before?.commit === commit && isClean && !only.includes(name)) {
      say(`${name}: measured before for this commit; \`make bench-full part=${name}\` measures it again`);
      finished.push(before);
      continue;
    }
    if (only.length > 0 && !only.includes(name)) continue;
    say(`${name} …`);
    await using system = await openSystem();
    const kept: Kept = { commit, part: await runPart(system, say), machine: await circumstances(system) };
    writeFileSync(file, `${JSON.stringify(kept, null, 1)}\n`);
    finished.push(kept);
  }
  const [first] = finished;
  if (first === undefined)
    throw new Error(`there is no such part; choose of ${Object.keys(plans.full).join(', ')}`);
  return { parts: finished.map(({ part }) => part), machine: first.machine };
}

function headCommit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
    return (
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', '--', '..', ':!report') === '' ? '' : withChanges)
    );
  } catch {
    return 'unknown';
  }
}
