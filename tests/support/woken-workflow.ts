import { condition, defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';

/** Counts how often it was woken, and stays. */
export async function processOrder(): Promise<void> {
  let woken = 0;
  setHandler(defineUpdate('wake'), () => {
    woken += 1;
  });
  setHandler(defineQuery('woken'), () => woken);
  await condition(() => false);
}
