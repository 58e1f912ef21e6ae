import { flagFrom, type Settings } from './settings.ts';
import { readTable } from './table.ts';

/** True from OBSERVABILITY=1 until `make down` or OBSERVABILITY=0: nothing else depends on it, so the next `up` need not have it. */
export function wantsPrometheus({ env, home }: Settings): boolean {
  const runs = () => readTable(home).some(({ name }) => name === 'prometheus');
  return flagFrom('OBSERVABILITY', env.OBSERVABILITY) ?? runs();
}
