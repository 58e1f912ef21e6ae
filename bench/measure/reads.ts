import { presentCursor } from '../../src/api/present.ts';
import type { AcceptApi } from '../accept-api.ts';
import { median } from './statistics.ts';

export type Figures = Readonly<Record<string, number>>;

const timed = 400;

/** Medians in ms, one request at a time: GETs spread over all orders, the first page, and pages in the middle of the list. */
export async function timeReads({ url, database }: AcceptApi): Promise<Figures> {
  const rows = await database.rows<{ id: string }>(
    'select id from orders where id >= (select id from orders order by id offset (select count(*) / 2 from orders) limit 1) order by id limit $1',
    [timed],
  );
  const paths = {
    GET: rows.map(({ id }) => `/v1/orders/${id}`),
    list: rows.map(() => '/v1/orders?limit=20'),
    // As present.ts makes them: a cursor is opaque to clients, which follow `next`.
    'list at depth': rows.map(({ id }) => `/v1/orders?limit=20&cursor=${presentCursor({ older: id })}`),
  };
  const figures: Record<string, number> = {};
  for (const [name, all] of Object.entries(paths)) {
    const took: number[] = [];
    for (const path of all) {
      const began = performance.now();
      const answer = await fetch(url + path);
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}`);
      took.push(performance.now() - began);
    }
    figures[name] = median(took);
  }
  return figures;
}
