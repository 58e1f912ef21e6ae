import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8');

const alertRule = z.object({
  alert: z.string(),
  labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
const ruleFile = z.object({ groups: z.array(z.object({ rules: z.array(z.looseObject({})) })) });

const alerts = globSync('deploy/prometheus/rules/*.yml', { cwd: root }).flatMap((file) =>
  ruleFile
    .parse(parse(readFileSync(join(root, file), 'utf8')))
    .groups.flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule))
    .map((rule) => alertRule.parse(rule)),
);

/** As the places where the document is read make them of headings. */
const anchors = Array.from(runbook.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-'),
);

const [section = ''] = /^## Alerts$.*?(?=^## )/ms.exec(runbook) ?? [];
const entries = new Map(
  section
    .split(/^### /m)
    .slice(1)
    .map((entry) => {
      const [name = '', ...lines] = entry.trim().split('\n');
      return [name, lines.filter((line) => line !== '')] as const;
    }),
);

test('every alert has its entry in the runbook, and every entry its alert', () => {
  expect([...entries.keys()]).toEqual(alerts.map(({ alert }) => alert));
});

test('every alert links to its entry', () => {
  for (const { alert, annotations } of alerts) {
    expect(annotations.runbook_url).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    expect(anchors.filter((anchor) => anchor === alert.toLowerCase())).toHaveLength(1);
  }
});

test('an entry says what the alert means, where to look and what to do, in eight lines at most', () => {
  for (const [, lines] of entries) {
    expect(lines.length).toBeLessThanOrEqual(8);
    expect(lines[0]).toMatch(/^(Page|Ticket)\. /);
    expect(lines.filter((line) => line.startsWith('- **Look**: '))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('- **Do**: '))).toHaveLength(1);
  }
});

test('an entry has the severity of its alert', () => {
  for (const { alert, labels } of alerts)
    expect(entries.get(alert)?.[0]?.toLowerCase()).toMatch(RegExp(`^${labels.severity}\\.`));
});

test('its commands are there on a machine that has what README.md asks for', () => {
  const targets = new Set(
    readFileSync(join(root, 'Makefile'), 'utf8')
      .match(/^[a-z][\w -]*(?=:(?!=))/gm)
      ?.flatMap((line) => line.split(' ')),
  );
  for (const [, target = ''] of runbook.matchAll(/(?:`|^ {4})make ([a-z-]+)/gm))
    expect(targets).toContain(target);
  // Node on the PATH may be one that does not run TypeScript.
  expect(runbook.replace(/`node src[^`]*` of the\s+image/, '')).not.toMatch(/(?:`|^ {4})node /m);
});

test('every link within the runbook leads somewhere', () => {
  const links = Array.from(runbook.matchAll(/\]\(#([^)]+)\)/g), ([, anchor]) => anchor);
  expect(anchors).toEqual(expect.arrayContaining(links));
});
