import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { root } from '../deploy/compose.ts';
import type { Expression } from './expressions.ts';

const target = z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() });
const figure = z.object({
  id: z.int(),
  type: z.enum(['timeseries', 'state-timeline']),
  title: z.string(),
  description: z.string(),
  datasource: z.object({ type: z.string(), uid: z.string() }),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string() }) }),
  targets: z.array(target).min(1),
});
const words = z.object({ id: z.int(), type: z.enum(['row', 'text']), title: z.string() });
const board = z.object({
  uid: z.string(),
  title: z.string(),
  panels: z.array(z.discriminatedUnion('type', [figure, words])),
});

export type Board = z.output<typeof board> & { readonly file: string };
type Figure = z.output<typeof figure>;

/** The boards as Grafana reads them. */
export function readBoards(): Board[] {
  const files = globSync(join(root, 'deploy/grafana/dashboards/*.json')).sort();
  return files.map((path) => ({
    file: basename(path),
    ...board.parse(JSON.parse(readFileSync(path, 'utf8'))),
  }));
}

export function figuresOf({ panels }: Board): Figure[] {
  return panels.flatMap((panel) => ('targets' in panel ? [panel] : []));
}

/** Every query of every panel, over the last minute as a panel is that shows half an hour. */
export function boardExpressions(): Expression[] {
  return readBoards().flatMap((one) =>
    figuresOf(one).flatMap(({ title, targets }) =>
      targets.map(({ refId, expr }) => ({
        where: `${one.file}: ${title} ${refId}`,
        text: expr.replaceAll('$__rate_interval', '1m'),
      })),
    ),
  );
}
