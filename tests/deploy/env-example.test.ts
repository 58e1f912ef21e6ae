import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { readConfig } from '../../src/platform/config.ts';
import { aliases, settings } from '../../src/platform/settings.ts';
import { PORT_NAMES } from '../../stack/settings.ts';
import { readServices, roleServices, root } from './compose.ts';

const text = readFileSync(join(root, '.env.example'), 'utf8');
const example = parseEnv(text);
const names = Object.keys(settings.shape);

test('.env.example has every setting of the program and no other', () => {
  expect(Object.keys(example).toSorted()).toEqual(names.toSorted());
});

test('the values of .env.example are the defaults', () => {
  expect(readConfig(example)).toEqual(readConfig({}));
});

test('.env.example names every alias and every port of the local stack', () => {
  for (const [alias, name] of Object.entries(aliases)) expect(text).toMatch(`# ${alias} → ${name}`);
  for (const port of PORT_NAMES.filter((name) => !names.includes(name))) expect(text).toMatch(`# ${port}=`);
});

test('docker compose gives roles no setting that they do not know, and settings they accept', () => {
  for (const [, { environment }] of roleServices()) {
    expect(names).toEqual(expect.arrayContaining(Object.keys(environment)));
    expect(() => readConfig(environment)).not.toThrow();
  }
  const { setup, promote } = readServices();
  for (const oneShot of [setup, promote]) expect(() => readConfig(oneShot?.environment)).not.toThrow();
});
