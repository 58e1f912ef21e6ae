import { createApi } from '../acceptance/outside/api.ts';
import { openSystem } from '../acceptance/outside/system.ts';
import { eventually } from '../support/eventually.ts';
import type { Gather } from './evidence.ts';
import { violations } from './invariants.ts';

/** The system, which nobody loads any more, comes to rest, and the evidence is free of any violation. */
export async function untilSettled(
  env: Readonly<Record<string, string | undefined>>,
  gather: Gather,
  withinMs: number,
): Promise<void> {
  const api = createApi(env.API_URL ?? '');
  // Cheap to ask; the evidence is a load of its own.
  await eventually(async () => {
    for (const status of ['pending', 'processing']) expect((await api.list({ status })).items).toEqual([]);
  }, withinMs);
  await eventually(async () => {
    await using system = await openSystem(env);
    expect(violations(await gather(system))).toEqual([]);
  }, withinMs);
}
