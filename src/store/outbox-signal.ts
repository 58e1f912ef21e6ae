import { setTimeout } from 'node:timers/promises';
import { sql } from 'slonik';
import { outsideTraces } from '../platform/telemetry.ts';
import type { Pool } from './pool.ts';

/** Tells the relays that rows wait. A hint: it may be lost, and the relay's slow poll stands behind it. */
export type OutboxSignal = () => void;

// NOTIFY takes an instance-wide lock at commit; one call for all rows of a few milliseconds keeps it off the accept path.
const gapMs = 3;

export function createOutboxSignal(pool: Pool): OutboxSignal {
  let wanted = false;
  let running = false;
  const notify = async (): Promise<void> => {
    running = true;
    while (wanted) {
      wanted = false;
      await pool.rows(sql.unsafe`select pg_notify('outbox', '')`).catch(() => {});
      await setTimeout(gapMs);
    }
    running = false;
  };
  return () => {
    wanted = true;
    if (!running) void outsideTraces(notify);
  };
}
