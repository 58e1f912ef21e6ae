import type { Settings } from './settings.ts';
import { readJson, runFile, writeWhole } from './table.ts';

const answers: Readonly<Record<string, boolean>> = { 1: true, true: true, 0: false, false: false };

/** True since somebody said SCHEMAS=1, until SCHEMAS=0: records may lie in the topics that only the registry can explain. */
export function wantsRegistry({ env, home }: Settings): boolean {
  if (!env.SCHEMAS) return readJson<boolean>(wish(home)) ?? false;
  const answer = answers[env.SCHEMAS];
  if (answer === undefined) throw new Error(`SCHEMAS=${env.SCHEMAS} is not understood; give 1 or 0`);
  return answer;
}

export function keepWish(settings: Settings): void {
  writeWhole(wish(settings.home), JSON.stringify(wantsRegistry(settings)));
}

const wish = (home: string) => runFile(home, 'schemas.json');
