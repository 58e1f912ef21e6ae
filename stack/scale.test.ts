import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changeScale, readScale } from './scale.ts';
import { type Environment, readSettings } from './settings.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tbd-scale-'));
});

afterEach(() => rmSync(home, { recursive: true }));

test('more connections than Postgres has are refused with the figures, and nothing is written down', () => {
  expect(() => scale({ api: 8, worker: 8 })).toThrow(
    /api=8 relay=1 worker=8 may take 17 × 25 \+ 1 = 426 connections, and Postgres has 280[\s\S]*DB_MAX_CONNS=16/,
  );
  expect(readScale(home)).toEqual({});
});

test('what the refusal proposes is taken', () => {
  expect(scale({ api: 8, worker: 8 }, { DB_MAX_CONNS: '16' })).toEqual({ api: 8, worker: 8 });
});

test("another Postgres' limit is not guessed", () => {
  expect(scale({ api: 8, worker: 8 }, { DB_HOST: 'elsewhere' })).toEqual({ api: 8, worker: 8 });
});

test('a number stays until it is changed', () => {
  scale({ api: 3 });
  expect(scale({ worker: 2 })).toEqual({ api: 3, worker: 2 });
  expect(() => scale({ api: 9 })).toThrow('api=9: give a number from 0 to 8');
  expect(() => scale({ payment: 2 })).toThrow('payment cannot be scaled; name one of api, relay, worker');
});

const scale = (wishes: Record<string, number>, env: Environment = {}) =>
  changeScale(readSettings({ TBD_HOME: home, ...env }), wishes);
