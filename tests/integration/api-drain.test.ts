import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';

let api: TestApi;
const agent = new Agent({ keepAlive: true });
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(async () => {
  agent.destroy();
  await api[Symbol.asyncDispose]();
});

test('a drain answers the request under way and takes no new one', async () => {
  const { json: order } = await api.call({ agent });
  // Under way: it waits for a row that is let go below.
  await api.database.rows('begin');
  await api.database.rows('update orders set version = version where id = $1', [order.id]);
  const underWay = api.call({ path: `/v1/orders/${order.id}/cancel`, body: undefined, agent });
  await eventually(async () => {
    expect(
      await api.database.rows(
        'select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))',
      ),
    ).toHaveLength(1);
  }, 5_000);

  const drained = api.drain();
  await expect(api.call()).rejects.toThrow('ECONNREFUSED');
  await api.database.rows('rollback');
  expect(await underWay).toMatchObject({ status: 200, json: { status: 'canceled' } });
  const answeredAt = performance.now();
  await drained;
  expect(performance.now() - answeredAt).toBeLessThan(3_000);
});

test('connections kept alive do not hold a drain up', async () => {
  await Promise.all(Array.from({ length: 5 }, () => api.call({ agent })));
  const started = performance.now();
  await api.drain();
  expect(performance.now() - started).toBeLessThan(3_000);
});

test('a connection that never brought a request is closed soon', async () => {
  const silent = connect({ host: '127.0.0.1', port: api.port }).resume();
  await once(silent, 'connect');
  const closed = once(silent, 'close');
  const started = performance.now();
  await Promise.all([api.drain(), closed]);
  expect(performance.now() - started).toBeLessThan(3_000);
});
