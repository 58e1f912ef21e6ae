import type { DatabasePool } from 'slonik';
import { gauge } from '../platform/metrics.ts';

let shown: DatabasePool | undefined;

gauge('db_pool_connections', 'Connections of the pool to Postgres', ['state'], (figure) => {
  if (shown === undefined) return figure.reset();
  const { acquiredConnections, idleConnections } = shown.state();
  figure.set({ state: 'active' }, acquiredConnections);
  figure.set({ state: 'idle' }, idleConnections);
});

gauge('db_pool_waiting', 'Statements that wait for a connection of the pool', [], (figure) => {
  if (shown !== undefined) figure.set(shown.state().waitingClients);
});

/** A process has one pool: its figures are shown from now on, whatever becomes of Postgres. */
export function showPool(pool: DatabasePool): void {
  shown = pool;
}
