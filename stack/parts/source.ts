import { spawnSync } from 'node:child_process';
import { say } from '../output.ts';
import type { Settings } from '../settings.ts';

/** One way to come by a part. `lacks` is quick and changes nothing; `get` answers with the place of the part. */
export type Source = {
  from: string;
  lacks: (settings: Settings) => string | undefined;
  get: (settings: Settings) => Promise<string>;
};

export async function obtain(part: string, sources: Source[], settings: Settings): Promise<string> {
  const reasons: string[] = [];
  for (const source of sources) {
    const lack = source.lacks(settings);
    if (lack === undefined) {
      try {
        return await source.get(settings);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        say(`  ${part}: ${source.from} did not work, trying the next source (${reason.split('\n').at(-1)})`);
        reasons.push(`${source.from}: ${reason}`);
      }
    } else reasons.push(`${source.from}: ${lack}`);
  }
  throw new Error(
    `${part} could not be had; \`make doctor\` says what to install\n  ${reasons.join('\n  ')}`,
  );
}

export function chosen(sources: Source[], settings: Settings): Source | undefined {
  return sources.find((source) => source.lacks(settings) === undefined);
}

/** What a command prints, or undefined when there is no such command. */
export function answerOf(command: string[], settings: Settings): string | undefined {
  const [program = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: settings.env,
    timeout: 20_000,
  });
  return status === 0 ? `${stdout}${stderr}`.trim() : undefined;
}

export function majorIn(text: string | undefined): number {
  return Number(text?.match(/(\d+)(\.\d+)*/)?.[1] ?? 0);
}
