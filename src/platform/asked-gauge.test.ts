import { AsyncLocalStorage } from 'node:async_hooks';
import { askedGauge, type Sample } from './asked-gauge.ts';
import { renderMetrics } from './metrics.ts';

let number = 0;

function aGauge(limits?: { keptMs: number; patienceMs: number }) {
  number += 1;
  const name = `asked_${number}`;
  const scrape = async () =>
    (await renderMetrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return { name, figure: askedGauge(name, 'Asked', ['side'], limits), scrape };
}

const left = (value: number): Sample<'side'>[] => [{ labels: { side: 'left' }, value }];
const right = (value: number): Sample<'side'>[] => [{ labels: { side: 'right' }, value }];

test('nobody to ask: no samples', async () => {
  const { scrape } = aGauge();
  expect(await scrape()).toEqual([]);
});

test('scrapes within the same seconds share an answer', async () => {
  const { name, figure, scrape } = aGauge();
  let asked = 0;
  using _answering = figure.answeredBy(async () => {
    asked += 1;
    return left(asked);
  });
  expect(asked).toBe(0);
  expect(await Promise.all([scrape(), scrape()])).toEqual(Array(2).fill([`${name}{side="left"} 1`]));
  expect(await scrape()).toEqual([`${name}{side="left"} 1`]);
  expect(asked).toBe(1);
});

test('an answer takes the place of all of the one before', async () => {
  const { name, figure, scrape } = aGauge({ keptMs: 0, patienceMs: 10_000 });
  let samples = left(1);
  using _answering = figure.answeredBy(async () => samples);
  await scrape();
  samples = right(2);
  expect(await scrape()).toEqual([`${name}{side="right"} 2`]);
});

test('a failure leaves no old samples, and the next scrape asks again', async () => {
  const { name, figure, scrape } = aGauge({ keptMs: 0, patienceMs: 10_000 });
  let answer = async () => left(1);
  using _answering = figure.answeredBy(() => answer());
  expect(await scrape()).toHaveLength(1);
  answer = () => Promise.reject(new Error('away'));
  expect(await scrape()).toEqual([]);
  answer = async () => left(3);
  expect(await scrape()).toEqual([`${name}{side="left"} 3`]);
});

test('who does not answer in time is not waited for, and not asked twice', async () => {
  const { name, figure, scrape } = aGauge({ keptMs: 0, patienceMs: 10 });
  const late = Promise.withResolvers<Sample<'side'>[]>();
  let asked = 0;
  using _answering = figure.answeredBy(() => {
    asked += 1;
    return asked === 1 ? late.promise : Promise.resolve(left(asked));
  });
  expect(await scrape()).toEqual([]);
  expect(await scrape()).toEqual([]);
  expect(asked).toBe(1);
  late.resolve(right(0));
  await late.promise;
  expect(await scrape()).toEqual([`${name}{side="left"} 2`]);
});

test('without labels, too, there is no sample where there is no answer', async () => {
  const figure = askedGauge('asked_alone', 'Asked', [], { keptMs: 0, patienceMs: 10_000 });
  const scrape = async () =>
    (await renderMetrics()).split('\n').filter((line) => line.startsWith('asked_alone'));
  using _answering = figure.answeredBy(async () => [{ labels: {}, value: 7 }]);
  expect(await scrape()).toEqual(['asked_alone 7']);
  using _failing = figure.answeredBy(() => Promise.reject(new Error('away')));
  expect(await scrape()).toEqual([]);
});

test('who is asked does not know who scrapes', async () => {
  const { figure, scrape } = aGauge();
  const request = new AsyncLocalStorage<string>();
  let seen: string | undefined;
  using _answering = figure.answeredBy(async () => {
    seen = request.getStore();
    return left(1);
  });
  expect(await request.run('a scrape', scrape)).toHaveLength(1);
  expect(seen).toBeUndefined();
});

test('who has gone is asked no more', async () => {
  const { figure, scrape } = aGauge({ keptMs: 0, patienceMs: 10_000 });
  figure.answeredBy(async () => left(1))[Symbol.dispose]();
  expect(await scrape()).toEqual([]);
});
