import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './deploy/compose.ts';
import { figuresOf, readBoards } from './observability/boards.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const boards = readBoards();

test('each board, and each panel of one, is known by an id of its own', () => {
  expect(boards.map(({ file }) => file)).toEqual([
    'kafka-and-outbox.json',
    'orders.json',
    'payment.json',
    'postgres.json',
    'workflows.json',
  ]);
  for (const key of ['uid', 'title'] as const)
    expect(new Set(boards.map((board) => board[key])).size).toBe(boards.length);
  for (const { file, panels } of boards)
    expect({ file, ids: new Set(panels.map(({ id }) => id)).size }).toEqual({ file, ids: panels.length });
});

test('each figure has a unit, and says what a bad value looks like and where the runbook goes on', () => {
  const headings = [...read('docs/runbook.md').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
  for (const { title, description, fieldConfig } of boards.flatMap(figuresOf)) {
    expect({ title, unit: fieldConfig.defaults.unit }).toEqual({ title, unit: expect.stringMatching(/./) });
    expect({ title, description }).toEqual({
      title,
      description: expect.stringMatching(/Bad: .+ Runbook: /),
    });
    expect(headings).toContain(description.split('docs/runbook.md#').at(-1));
  }
});

test('Grafana finds the boards, and each board its data source', () => {
  const { providers } = parse(read('deploy/grafana/provisioning/dashboards/dashboards.yaml'));
  const { datasources } = parse(read('deploy/grafana/provisioning/datasources/datasources.yaml'));
  const { volumes } = parse(read('docker-compose.yml')).services.grafana;
  for (const kind of ['datasources', 'dashboards'])
    expect(volumes).toContain(`./deploy/grafana/provisioning/${kind}:/etc/grafana/provisioning/${kind}:ro`);
  expect(volumes).toContain(`./deploy/grafana/dashboards:${providers[0].options.path}:ro`);
  const known = datasources.map(({ type, uid }: { type: string; uid: string }) => ({ type, uid }));
  for (const { datasource } of boards.flatMap(figuresOf)) expect(known).toContainEqual(datasource);
});
