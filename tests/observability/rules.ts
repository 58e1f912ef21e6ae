import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { root } from '../deploy/compose.ts';
import type { Expression } from './expressions.ts';

const rule = z.union([
  z.object({ alert: z.string(), expr: z.string() }).transform(({ alert, expr }) => ({ name: alert, expr })),
  z
    .object({ record: z.string(), expr: z.string() })
    .transform(({ record, expr }) => ({ name: record, expr })),
]);
const file = z.object({ groups: z.array(z.object({ name: z.string(), rules: z.array(rule) })) });

export const ruleFiles = globSync(join(root, 'deploy/prometheus/rules/*.yml')).sort();

/** What every alert and every recording rule asks. */
export function ruleExpressions(): Expression[] {
  return ruleFiles.flatMap((path) =>
    file
      .parse(parse(readFileSync(path, 'utf8')))
      .groups.flatMap(({ rules }) =>
        rules.map(({ name, expr }) => ({ where: `${basename(path)}: ${name}`, text: expr })),
      ),
  );
}
