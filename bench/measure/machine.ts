import { cpus, totalmem } from 'node:os';
import type { System } from '../system.ts';

/** What absolute figures depend on, and what makes them durable. */
export interface Circumstances {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly settings: Readonly<Record<string, string>>;
}

export async function circumstances(system: System): Promise<Circumstances> {
  const shown = await system.rows<{ name: string; setting: string }>(
    `select name, setting from pg_settings
     where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes') order by name`,
  );
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1_073_741_824),
    node: process.version,
    settings: {
      ...Object.fromEntries(shown.map(({ name, setting }) => [`postgres ${name}`, setting])),
      kafka: 'acks=all, one broker, page cache',
      temporal: 'file, journal_mode=WAL, synchronous=NORMAL',
      payments: 'file, synchronous=FULL',
    },
  };
}

/** An honest run says so when a setting buys speed with durability. */
export function isDurable({ settings }: Circumstances): boolean {
  return ['fsync', 'synchronous_commit', 'full_page_writes'].every(
    (name) => settings[`postgres ${name}`] === 'on',
  );
}
