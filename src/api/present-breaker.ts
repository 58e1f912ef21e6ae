import { z } from 'zod';
import type { BreakerRow } from '../store/circuit-breakers.ts';

export const breakerAnswer = z
  .object({
    name: z.string().meta({ description: 'What it stands in front of, such as `payment`' }),
    state: z.enum(['closed', 'half_open', 'open']).meta({
      description: '`open`: calls are refused; `half_open`: the next call is let through to see',
    }),
    failures: z.int().min(0).meta({ description: 'In a row: those that opened it, and the probes since' }),
    opened_at: z.iso.datetime().nullable(),
    next_probe_at: z.iso.datetime().nullable().meta({ description: 'From when on a call is let through' }),
    changed_at: z.iso.datetime(),
  })
  .meta({ id: 'CircuitBreaker' });

export const breakerListAnswer = z
  .object({ items: z.array(breakerAnswer) })
  .meta({ id: 'CircuitBreakerList' });

/** Processes tell each other when the next probe may be; from that moment on it is half-open. */
export function presentBreaker(row: BreakerRow): z.input<typeof breakerAnswer> {
  const isDue = row.state === 'open' && row.open_ms === 0;
  return {
    name: row.name,
    state: isDue ? 'half_open' : row.state,
    failures: row.failures,
    opened_at: row.opened_at?.toISOString() ?? null,
    next_probe_at: row.until?.toISOString() ?? null,
    changed_at: row.changed_at.toISOString(),
  };
}
