import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { CpuMs } from '../measure/cpu.ts';
import type { Part } from '../rows.ts';

/** One picture per question, as SVG by file name; a part that was not run has none. */
export async function renderPictures(parts: readonly Part[]): Promise<Record<string, string>> {
  const specs = Object.entries({
    'ratios.svg': ratios(parts),
    'throughput.svg': rates(parts),
    'cpu.svg': cpu(parts),
    'growth.svg': growth(parts),
  });
  const pictures = specs.flatMap(([name, spec]) =>
    spec === undefined ? [] : [draw(spec).then((svg) => [name, svg] as const)],
  );
  return Object.fromEntries(await Promise.all(pictures));
}

async function draw(spec: Omit<TopLevelSpec, '$schema'>): Promise<string> {
  const framed = { background: 'white', padding: 12, ...spec };
  // The spec without its schema address is still one; the type insists on a member of its union.
  const view = new View(parse(compile(framed as TopLevelSpec).spec), { renderer: 'none' });
  return view.toSVG();
}

function ratios(parts: readonly Part[]) {
  const values = parts.flatMap(({ rows }) =>
    rows.flatMap(({ id, ratio, bar }) => {
      if (bar === undefined || 'exactly' in bar) return [];
      const limit = 'least' in bar ? bar.least : bar.most;
      const better = 'least' in bar ? '≥' : '≤';
      return [
        {
          row: `${id} ${better} ${limit}`,
          median: ratio.median / limit,
          low: ratio.low / limit,
          high: ratio.high / limit,
          bar: 1,
        },
      ];
    }),
  );
  if (values.length === 0) return undefined;
  const y = { field: 'row', type: 'nominal', title: null, sort: null, axis: { labelLimit: 320 } };
  const x = (field: string) => ({
    field,
    type: 'quantitative',
    scale: { type: 'log' },
    title: 'measured ÷ bar (log scale)',
  });
  return {
    title: 'How far is each ratio from its bar?',
    width: 420,
    data: { values },
    layer: [
      { mark: { type: 'rule', color: '#c33' }, encoding: { x: { datum: 1, type: 'quantitative' } } },
      {
        mark: { type: 'rule', strokeWidth: 3, color: '#58a' },
        encoding: { y, x: x('low'), x2: { field: 'high' } },
      },
      { mark: { type: 'point', filled: true, size: 60, color: '#146' }, encoding: { y, x: x('median') } },
    ],
  };
}

function rates(parts: readonly Part[]) {
  const measured = figure<Record<string, readonly number[]>>(parts, 'throughput', 'rates');
  if (measured === undefined) return undefined;
  const names: Record<string, string> = {
    orders: 'orders, end to end',
    sameShape: 'bare workflows, same shape',
    fourRemote: 'bare workflows, four remote activities',
  };
  const values = Object.entries(measured).flatMap(([name, each]) =>
    each.map((perSecond) => ({ what: names[name] ?? name, perSecond })),
  );
  const y = { field: 'what', type: 'nominal', title: null, axis: { labelLimit: 320 } };
  const title = 'a second (each dot a block, the bar their median)';
  return {
    title: 'How many a second, end to end, beside Temporal alone?',
    width: 420,
    data: { values },
    encoding: { y },
    layer: [
      {
        mark: { type: 'bar', color: '#bcd' },
        encoding: { x: { field: 'perSecond', aggregate: 'median', type: 'quantitative', title } },
      },
      {
        mark: { type: 'point', color: '#146' },
        encoding: { x: { field: 'perSecond', type: 'quantitative', title } },
      },
    ],
  };
}

function cpu(parts: readonly Part[]) {
  const order = figure<CpuMs>(parts, 'throughput', 'cpuPerOrder');
  const bare = figure<CpuMs>(parts, 'throughput', 'cpuPerBare');
  if (order === undefined || bare === undefined) return undefined;
  const { bare: _bare, generator: _generator, ...own } = order;
  const bars = {
    'an order': own,
    'a bare workflow': { temporal: bare.temporal ?? 0, 'client and worker': bare.bare ?? 0 },
  };
  const values = Object.entries(bars).flatMap(([what, shares]) =>
    Object.entries(shares).map(([process, ms]) => ({ what, process, ms })),
  );
  return {
    title: 'Where does the CPU of an order go?',
    width: 420,
    data: { values },
    mark: 'bar',
    encoding: {
      y: { field: 'what', type: 'nominal', title: null },
      x: { field: 'ms', type: 'quantitative', title: 'CPU-ms each' },
      color: { field: 'process', type: 'nominal', title: 'process' },
    },
  };
}

function growth(parts: readonly Part[]) {
  const bySize = figure<{ size: number; blocks: Record<string, number> }[]>(parts, 'growth', 'bySize');
  if (bySize === undefined) return undefined;
  const values = bySize.flatMap(({ size, blocks }) =>
    Object.entries(blocks).map(([statement, read]) => ({ size, statement, blocks: read })),
  );
  return {
    title: 'How many blocks does a statement touch as orders pile up?',
    width: 420,
    data: { values },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'size', type: 'quantitative', scale: { type: 'log' }, title: 'orders stored' },
      y: { field: 'blocks', type: 'quantitative' },
      color: { field: 'statement', type: 'nominal' },
    },
  };
}

function figure<T>(parts: readonly Part[], part: string, name: string): T | undefined {
  // Each part writes its own figures, a few lines away in parts/.
  return parts.find((one) => one.name === part)?.figures?.[name] as T | undefined;
}
