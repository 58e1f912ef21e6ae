import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addresses } from './environment.ts';
import { keepWish, wantsRegistry } from './schemas.ts';
import { type Environment, readSettings } from './settings.ts';

let home: string;
const settings = (env: Environment = {}) => readSettings({ TBD_HOME: home, ...env });

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tbd-schemas-'));
});
afterEach(() => rmSync(home, { recursive: true }));

test('a registry is asked for once, and stays until it is declined', () => {
  expect(wantsRegistry(settings())).toBe(false);
  keepWish(settings({ SCHEMAS: '1' }));
  expect(wantsRegistry(settings())).toBe(true);
  keepWish(settings());
  expect(wantsRegistry(settings())).toBe(true);
  keepWish(settings({ SCHEMAS: '0' }));
  expect(wantsRegistry(settings())).toBe(false);
});

test('roles are told where it is, or where another one is that was given', () => {
  const own = addresses(settings({ SCHEMAS: '1', SCHEMA_REGISTRY_PORT: '9999' }));
  expect(own.SCHEMA_REGISTRY_URL).toBe('http://127.0.0.1:9999/apis/ccompat/v7');
  expect(addresses(settings()).SCHEMA_REGISTRY_URL).toBeUndefined();
  const given = settings({ SCHEMAS: '1', SCHEMA_REGISTRY_URL: 'http://elsewhere' });
  expect(addresses(given).SCHEMA_REGISTRY_URL).toBeUndefined();
});

test('an answer that is neither yes nor no is refused', () => {
  expect(() => wantsRegistry(settings({ SCHEMAS: 'perhaps' }))).toThrow('give 1 or 0');
});
