// What becomes of orders when something goes wrong: each scenario against the running stack, as a table.
// `node tests/lab/run.ts [part of a name]`; OUTAGE=30s for a shorter one than 5 min.
import { green, red, say } from '../../stack/output.ts';
import { openSystem } from '../acceptance/outside/system.ts';
import { endingOf, type Lab, type Scenario, scenarios } from './scenarios.ts';

const outageMs = readDuration(process.env.OUTAGE || '5m');
const wanted = process.argv[2] ?? '';

await using system = await openSystem(process.env);
let failed = 0;
for (const scenario of scenarios.filter(({ name }) => name.includes(wanted))) {
  const began = performance.now();
  const seen = await seenIn({ system, outageMs }, scenario);
  const isRight = seen === scenario.expected;
  if (!isRight) failed += 1;
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  say(`${isRight ? green('pass') : red('FAIL')}  ${scenario.name.padEnd(50)} ${seen}  (${seconds} s)`);
  if (!isRight) say(`      ${'expected'.padEnd(50)} ${scenario.expected}`);
}
if (failed > 0) process.exitCode = 1;

function readDuration(text: string): number {
  const [, number, unit] = /^(\d+)(s|m)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`OUTAGE=${text} is no duration; write it like 30s or 5m.`);
  return Number(number) * (unit === 'm' ? 60_000 : 1_000);
}

/** The one way in which all orders ended; the different ones, or what kept it from being seen. */
async function seenIn(lab: Lab, { run }: Scenario): Promise<string> {
  try {
    const placed = await run(lab);
    return [...new Set(await Promise.all(placed.map((id) => endingOf(lab, id))))].join(' | ');
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  }
}
