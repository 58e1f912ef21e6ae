import { AsyncResource } from 'node:async_hooks';
import { gauge } from './metrics.ts';
import { within } from './within.ts';

export interface Sample<Label extends string> {
  readonly labels: Readonly<Record<Label, string | number>>;
  readonly value: number;
}

type Ask<Label extends string> = () => Promise<readonly Sample<Label>[]>;

export interface AskedGauge<Label extends string> {
  /** Who answers from now on, until disposed. */
  answeredBy(ask: Ask<Label>): Disposable;
}

// Whoever scrapes shares an answer with those who scrape within the same seconds.
const keptMs = 5_000;
const patienceMs = 2_000;

/**
 * Figures that somebody is asked for when they are scraped, and never else. Where no answer comes in time there are no
 * samples, since old ones would lie; the scrape goes on without them.
 */
export function askedGauge<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[],
  limits = { keptMs, patienceMs },
): AskedGauge<Label> {
  let answerer: Ask<Label> | undefined;
  let asking: ReturnType<Ask<Label>> | undefined;
  let latest = Promise.resolve();
  let askedAt = Number.NEGATIVE_INFINITY;
  const figure = gauge(name, help, labelNames, () => {
    if (performance.now() - askedAt < limits.keptMs) return latest;
    askedAt = performance.now();
    latest = look();
    return latest;
  });
  const look = async (): Promise<void> => {
    const samples = await answer().catch(() => []);
    figure.reset();
    // Without labels prom-client begins at 0 anew.
    if (labelNames.length === 0) figure.remove();
    for (const { labels, value } of samples) figure.set({ ...labels }, value);
  };
  const answer = async (): Promise<readonly Sample<Label>[]> => {
    if (answerer === undefined) return [];
    // One that is late is not asked a second time meanwhile.
    asking ??= answerer().finally(() => {
      asking = undefined;
    });
    return within(limits.patienceMs, asking, () => new Error(`no answer within ${limits.patienceMs} ms`));
  };
  return {
    answeredBy(ask) {
      // What it opens outlives the scrape, and is not to carry that request's trace into the log.
      const bound = AsyncResource.bind(ask);
      answerer = bound;
      askedAt = Number.NEGATIVE_INFINITY;
      return {
        [Symbol.dispose]: () => {
          if (answerer === bound) answerer = undefined;
        },
      };
    },
  };
}
