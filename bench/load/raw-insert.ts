import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { newOrderId } from '../../src/order/id.ts';
import { sampleKey, sampleOrder, samplePlacement } from '../measure/sample-order.ts';
import { serveLoad } from './serve.ts';

// The accepting statement as the API sends it, from a pool of the same size, prepared, with nothing around it.

const { text, values: sample } = await samplePlacement();
const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: Number(process.env.DB_MAX_CONNS ?? 25),
  idleTimeoutMillis: 0,
});

serveLoad({
  insert: async () => {
    const id = newOrderId();
    const key = randomUUID();
    const values = sample.map((value) =>
      typeof value === 'string' ? value.replaceAll(sampleOrder.id, id).replaceAll(sampleKey, key) : value,
    );
    const { rowCount } = await pool.query({ name: 'accept', text, values });
    if (rowCount !== 1) throw new Error(`the statement placed ${rowCount} orders instead of one`);
  },
});
