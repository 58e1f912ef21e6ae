import { flagFrom, type Settings } from './settings.ts';
import { readJson, runFile, writeWhole } from './table.ts';

/** True since somebody said SCHEMAS=1, until SCHEMAS=0: records may lie in the topics that only the registry can explain. */
export function wantsRegistry({ env, home }: Settings): boolean {
  return flagFrom('SCHEMAS', env.SCHEMAS) ?? readJson<boolean>(wish(home)) ?? false;
}

export function keepWish(settings: Settings): void {
  writeWhole(wish(settings.home), JSON.stringify(wantsRegistry(settings)));
}

const wish = (home: string) => runFile(home, 'schemas.json');
