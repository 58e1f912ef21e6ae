import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

export const root = resolve(import.meta.dirname, '../..');
export const composeFile = resolve(root, 'docker-compose.yml');

const service = z.object({
  image: z.string(),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  stop_grace_period: z.string().optional(),
  restart: z.string().optional(),
  depends_on: z
    .union([
      z.record(z.string(), z.object({ condition: z.string() })),
      // The short form: started is enough.
      z
        .array(z.string())
        .transform((names) =>
          Object.fromEntries(names.map((name) => [name, { condition: 'service_started' }])),
        ),
    ])
    .default({}),
});
const compose = z.object({ services: z.record(z.string(), service) });

export type Service = z.output<typeof service>;

/** The services as `docker compose` would see them in an environment without any setting. */
export function readServices(): Record<string, Service> {
  const text = readFileSync(composeFile, 'utf8');
  const interpolated = text.replace(/\$\$|\$\{\w+:-([^}]*)\}/g, (match, fallback) =>
    match === '$$' ? '$' : String(fallback),
  );
  return compose.parse(parse(interpolated, { merge: true })).services;
}

const roles = new Set(['api', 'relay', 'keeper', 'notifier', 'bridge', 'worker', 'payment']);

/** The services that run roles of this program, by name. */
export function roleServices(): [string, Service][] {
  return Object.entries(readServices()).filter(([, { image, command }]) => {
    return image === 'tbd:local' && command.length > 0 && command.every((word) => roles.has(word));
  });
}
