import { type Context, context } from '@opentelemetry/api';
import { onBehalfOf } from '../platform/telemetry.ts';

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly context: Context;
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export interface Limits<Item> {
  /** Batches under way together; what comes meanwhile waits for the next. */
  readonly atOnce: number;
  readonly maxItems: number;
  /** Of the items' sizes together; the first goes whatever its size. */
  readonly maxSize: number;
  readonly sizeOf: (item: Item) => number;
  /** Who has waited longer for a batch gets `tooLate` instead. */
  readonly patienceMs: number;
  readonly tooLate: () => Error;
  /** True for a fault that says nothing about the items: it ends those that wait as well, they would only wait longer for the same. */
  readonly isEverybodys: (error: unknown) => boolean;
}

/**
 * A call alone goes at once; calls in a crowd share one `run`, so that they grow cheaper as they grow many.
 * When a batch fails through one of its items, each is tried alone: nobody answers for a neighbour.
 */
export function coalesce<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  { atOnce, maxItems, maxSize, sizeOf, patienceMs, tooLate, isEverybodys }: Limits<Item>,
): (item: Item) => Promise<Result> {
  const waiting: Waiting<Item, Result>[] = [];
  let underWay = 0;

  function nextBatch(): Waiting<Item, Result>[] {
    const now = performance.now();
    while (waiting[0] !== undefined && now - waiting[0].since > patienceMs)
      waiting.shift()?.reject(tooLate());
    let size = 0;
    let count = 0;
    for (const { item } of waiting.slice(0, maxItems)) {
      size += sizeOf(item);
      if (count > 0 && size > maxSize) break;
      count += 1;
    }
    return waiting.splice(0, count);
  }

  async function settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const contexts = batch.map((one) => one.context);
      const results = await onBehalfOf(contexts, () => run(batch.map(({ item }) => item)));
      if (results.length !== batch.length)
        throw new Error(`${results.length} results for ${batch.length} items; \`run\` gives one each`);
      for (const [at, result] of results.entries()) batch[at]?.resolve(result);
    } catch (error) {
      if (isEverybodys(error)) for (const { reject } of waiting.splice(0)) reject(error);
      else if (batch.length > 1) return void (await Promise.all(batch.map((one) => settle([one]))));
      for (const { reject } of batch) reject(error);
    }
  }

  function advance(): void {
    while (underWay < atOnce && waiting.length > 0) {
      const batch = nextBatch();
      if (batch.length === 0) return;
      underWay += 1;
      void settle(batch).finally(() => {
        underWay -= 1;
        advance();
      });
    }
  }

  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    waiting.push({ item, context: context.active(), since: performance.now(), resolve, reject });
    advance();
    return promise;
  };
}
