import { counter, gauge, renderMetrics, serveToo } from './metrics.ts';

async function samplesOf(name: string): Promise<string[]> {
  return (await renderMetrics()).split('\n').filter((line) => new RegExp(`^${name}[{ ]`).test(line));
}

test('a counter whose labels are a closed set begins at 0 for each of them', async () => {
  const figure = counter('doors_total', 'Doors', { side: ['left', 'right'], state: ['open'] });
  figure.inc({ side: 'left', state: 'open' });
  expect(await samplesOf('doors_total')).toEqual([
    'doors_total{side="left",state="open"} 1',
    'doors_total{side="right",state="open"} 0',
  ]);
});

test('a gauge shows nothing before it is set', async () => {
  const figure = gauge('height_meters', 'Height');
  expect(await samplesOf('height_meters')).toEqual([]);
  figure.set(0);
  expect(await samplesOf('height_meters')).toEqual(['height_meters 0']);
});

test('what cannot be read elsewhere leaves the rest as it is', async () => {
  serveToo(async () => '# TYPE other_total counter\nother_total 1\n');
  serveToo(() => Promise.reject(new Error('away')));
  counter('own_total', 'Own').inc();
  expect(await samplesOf('own_total')).toEqual(['own_total 1']);
  expect(await samplesOf('other_total')).toEqual(['other_total 1']);
});
