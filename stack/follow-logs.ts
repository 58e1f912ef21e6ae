import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { prettyLine } from '../src/platform/pretty-line.ts';
import { dim, say } from './output.ts';
import type { Settings } from './settings.ts';
import { logFile, readTable } from './table.ts';

/** For a person on a terminal every process; through a pipe the roles' lines as they are, or those of the process that is named. */
export function followLogs({ home }: Settings, name: string | undefined): void {
  const isForPerson = process.stdout.isTTY;
  const specs = readTable(home).filter(({ roles }) => isForPerson || roles.length > 0);
  const names = name ? [name] : [...specs.map((spec) => spec.name), ...(isForPerson ? ['supervisor'] : [])];
  const files = names.map((one) => logFile(home, one)).filter((file) => existsSync(file));
  if (files.length === 0)
    throw new Error(`no log of ${names.join(', ')} under ${home}/logs; \`make ps\` lists the processes`);
  if (!isForPerson) {
    spawn('tail', ['-q', '-n', '20', '-F', ...files], { stdio: 'inherit' });
    return;
  }
  const tail = spawn('tail', ['-v', '-n', '20', '-F', ...files], { stdio: ['inherit', 'pipe', 'inherit'] });
  const view = terminalView();
  createInterface({ input: tail.stdout }).on('line', (line) => {
    const shown = view(line);
    if (shown !== undefined) say(shown);
  });
}

const heading = /^==> (.+) <==$/;

/** What to show of each line of `tail -v`; only lines that are not ours need to say whose they are. */
export function terminalView(): (line: string) => string | undefined {
  let from = '';
  return (line) => {
    const file = heading.exec(line)?.[1];
    if (file !== undefined) from = basename(file, '.log');
    if (file !== undefined || line === '') return undefined;
    return line.startsWith('{') ? prettyLine(line) : `${dim(from)} ${prettyLine(line)}`;
  };
}
