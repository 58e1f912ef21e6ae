import { setTimeout as pause } from 'node:timers/promises';

/** Repeats the attempt until it succeeds; past the deadline its last failure is the answer. */
export async function eventually<T>(attempt: () => Promise<T>, withinMs: number): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(50);
    }
  }
}
