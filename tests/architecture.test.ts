import { globSync, readFileSync } from 'node:fs';
import { breaches, cycles, type Rules, reach, type Sources } from './support/import-rules.ts';

const core = 'src/core/';
const pure = [core, 'src/order/', 'src/ledger/'];
const platform = 'src/platform/';
const facts = 'src/facts';
const contract = 'src/workflows/contract.ts';
const paymentClient = 'src/payment/client.ts';
const runs = 'src/runs/';
const exporting = [
  'src/platform/tracing.ts',
  'src/platform/sampler.ts',
  'src/platform/redacted-exporter.ts',
  'src/platform/telling-exporter.ts',
];

const rules: Rules = {
  mayImport: {
    [core]: [],
    'src/order/': [core],
    'src/ledger/': [core],
    'src/platform/': [],
    'src/store/': [...pure, platform],
    'src/payment/': [...pure, platform],
    'src/workflows/': [...pure, 'type src/activities/'],
    'src/runs/': [...pure, platform, contract],
    'src/activities/': [...pure, 'src/store/', 'src/payment/', platform, facts, contract],
    // The outbox is the relay's own; the other tables belong to the api and the activities.
    'src/consumers/': [
      ...pure,
      platform,
      facts,
      contract,
      'src/runs/about.ts',
      'src/store/outbox.ts',
      'src/store/known-schemas.ts',
      'src/store/outbox-floor.ts',
      'src/store/relay-session.ts',
      'type src/store/stored-headers.ts',
      'src/store/waiting-records.ts',
      'src/store/pool.ts',
    ],
    // As whoever consumes from outside would: the loop and the envelope, its own tables, nothing of orders.
    'src/notifier/': [
      ...pure,
      platform,
      facts,
      contract,
      'src/consumers/consume.ts',
      'src/consumers/envelope.ts',
      'src/consumers/faults.ts',
      'type src/consumers/formats/value-reader.ts',
      'src/store/notifications.ts',
      'src/store/coalesce.ts',
      'src/store/pool.ts',
    ],
    'src/api/': [...pure, 'src/store/', platform, facts, contract, paymentClient, runs],
    'src/keeper/': [
      ...pure,
      'src/store/',
      platform,
      facts,
      contract,
      paymentClient,
      'src/payment/ledger-client.ts',
      runs,
      'src/consumers/consume.ts',
      'src/consumers/copies.ts',
      'src/consumers/headers.ts',
      'src/consumers/retry-headers.ts',
    ],
    'src/facts.ts': ['type src/order/', platform],
    'src/facts-dead-letters.ts': [platform],
    'src/facts-events.ts': [platform],
    'src/facts-ledger.ts': ['src/ledger/', platform],
    'src/facts-notifier.ts': [platform],
    'src/dependencies.ts': ['src/'],
    'src/roles.ts': ['src/'],
    'src/run-roles.ts': ['src/'],
    'src/commands.ts': ['src/'],
    'src/main.ts': [
      'src/platform/config.ts',
      'src/platform/redaction.ts',
      'src/platform/telemetry.ts',
      'src/platform/tracing.ts',
      'src/run-roles.ts',
      'src/commands.ts',
    ],
  },
  packages: {
    kafkajs: ['src/platform/kafka.ts', 'src/platform/mend-kafkajs.ts'],
    'prom-client': ['src/platform/metrics.ts'],
    '@redis/client': ['src/platform/redis.ts'],
    bunyan: ['src/platform/logger.ts'],
    // Loaded where spans are exported, and nowhere else.
    '@opentelemetry/sdk-node': exporting,
    '@opentelemetry/exporter-trace-otlp-grpc': exporting,
    '@opentelemetry/instrumentation-http': exporting,
    '@opentelemetry/instrumentation-koa': exporting,
    '@opentelemetry/instrumentation-pg': exporting,
    '@opentelemetry/instrumentation-undici': exporting,
    jose: ['src/api/authenticator.ts', 'src/api/key-set.ts'],
    slonik: ['src/store/'],
    pg: ['src/store/'],
    avsc: ['src/consumers/formats/'],
    protobufjs: ['src/consumers/formats/'],
    'node:sqlite': ['src/payment/ledger.ts'],
    '@temporalio/workflow': ['src/workflows/'],
  },
  words: [
    {
      what: 'process.env',
      pattern: /process\s*(\.\s*env|\[)|\benv\b.*'node:process'/,
      only: ['src/platform/config.ts'],
    },
    {
      what: 'SQL',
      pattern:
        /['"`]\s*(select\s[^'"`]+\sfrom\s|insert into\s|update \w+ set\s|delete from\s|with \w+ as\s|create table\s)/i,
      only: ['src/store/', 'src/payment/ledger.ts'],
    },
  ],
  longest: 250,
};

function read(pattern: string): Sources {
  return new Map(globSync(pattern).map((path) => [path, readFileSync(path, 'utf8')]));
}

const isProgram = (path: string) => !/\.(test|fixture)\.ts$/.test(path);
const program: Sources = new Map([...read('src/**/*.ts')].filter(([path]) => isProgram(path)));

test('every file of src keeps the import rules', () => {
  expect(program.size).toBeGreaterThan(50);
  expect(breaches(program, rules)).toEqual([]);
});

test('no imports of src go in a circle', () => {
  expect(cycles(program)).toEqual([]);
});

test('no test beside the sources is longer than a source may be', () => {
  const tests = new Map([...read('src/**/*.ts')].filter(([path]) => !isProgram(path)));
  expect(breaches(tests, { mayImport: {}, packages: {}, words: [], longest: 250 }).filter(isLength)).toEqual(
    [],
  );
});

test('acceptance tests reach nothing of src, not even through their helpers', () => {
  const tests = read('tests/**/*.ts');
  const starts = [...tests.keys()].filter((path) => path.startsWith('tests/acceptance/'));
  expect(starts.length).toBeGreaterThan(0);
  const all = new Map([...tests, ...read('stack/**/*.ts'), ...read('src/**/*.ts')]);
  expect(reach(all, starts).filter((path) => path.startsWith('src/'))).toEqual([]);
});

const isLength = (breach: string) => breach.includes('longer than');

describe('the check itself finds', () => {
  test.each([
    ['a pure file that imports the store', 'src/order/order.ts', `import { a } from '../store/orders.ts';`],
    ['an import over several lines', 'src/order/a.ts', `import {\n  a,\n  b,\n} from '../platform/b.ts';`],
    ['a re-export', 'src/order/a.ts', `export { a } from '../store/a.ts';`],
    ['an import for its effect', 'src/order/a.ts', `import '../store/a.ts';`],
    ['a dynamic import', 'src/order/a.ts', `const a = await import('../store/a.ts');`],
    [
      'a type where not even types are allowed',
      'src/platform/a.ts',
      `import type { A } from '../order/a.ts';`,
    ],
    ['a value where types are allowed', 'src/workflows/a.ts', `import { a } from '../activities/index.ts';`],
    [
      'types in braces, which leave an import',
      'src/workflows/a.ts',
      `import { type A } from '../activities/index.ts';`,
    ],
    ['api that imports consumers', 'src/api/a.ts', `import { a } from '../consumers/consume.ts';`],
    [
      'api that imports more of payment than its client',
      'src/api/routes/a.ts',
      `import { a } from '../../payment/ledger.ts';`,
    ],
    ['a consumer that reads orders', 'src/consumers/a.ts', `import { a } from '../store/orders.ts';`],
    ['somebody who imports the roles', 'src/store/a.ts', `import { a } from '../roles.ts';`],
    ['a folder nobody decided on', 'src/utils/a.ts', `import { a } from '../order/a.ts';`],
    ['a second importer of kafkajs', 'src/consumers/a.ts', `import { Kafka } from 'kafkajs';`],
    ['an inner file of kafkajs', 'src/consumers/a.ts', `import a from 'kafkajs/src/a.js';`],
    ['a second importer of prom-client', 'src/facts.ts', `import { Counter } from 'prom-client';`],
    [
      'a second importer of the client of Redis',
      'src/notifier/a.ts',
      `import { createClient } from '@redis/client';`,
    ],
    ['a notifier that reads orders', 'src/notifier/a.ts', `import { a } from '../store/orders.ts';`],
    ['a second importer of bunyan', 'src/roles.ts', `import bunyan from 'bunyan';`],
    ['tokens read elsewhere', 'src/api/routes/a.ts', `import { decodeJwt } from 'jose';`],
    [
      'workflow code outside workflows',
      'src/activities/a.ts',
      `import { sleep } from '@temporalio/workflow';`,
    ],
    ['a database client outside the store', 'src/activities/a.ts', `import { sql } from 'slonik';`],
    ['SQL outside the store', 'src/api/a.ts', 'const text = `\n  select id from orders`;'],
    ['the environment outside of config', 'src/api/a.ts', 'const port = process.env.PORT;'],
    ['the environment by another name', 'src/api/a.ts', `import { env } from 'node:process';`],
    ['a file that is too long', 'src/api/a.ts', 'a\n'.repeat(251)],
  ])('%s', (_, path, source) => {
    expect(breaches(new Map([[path, source]]), rules)).toHaveLength(1);
  });

  test.each([
    [
      'types of activities in a workflow',
      'src/workflows/a.ts',
      `import type { A } from '../activities/index.ts';`,
    ],
    ['a neighbour', 'src/api/routes/a.ts', `import { a } from '../b.ts';`],
    ['the contract of the workflows', 'src/consumers/a.ts', `import { a } from '../workflows/contract.ts';`],
    ['a package that anybody may use', 'src/core/id.ts', `import { v7 } from 'uuid';`],
    ['words that only look like SQL', 'src/api/a.ts', `const text = 'Select an order, then update it.';`],
    ['a file as long as it may be', 'src/api/a.ts', 'a\n'.repeat(250)],
  ])('nothing wrong with %s', (_, path, source) => {
    expect(breaches(new Map([[path, source]]), rules)).toEqual([]);
  });

  test('circles, short and long, but not those of types alone', () => {
    const circle = new Map([
      ['src/a.ts', `import { b } from './b.ts';`],
      ['src/b.ts', `import { c } from './c/c.ts';`],
      ['src/c/c.ts', `export * from '../a.ts';`],
      ['src/d.ts', `import { d } from './d.ts';`],
      ['src/e.ts', `import { f } from './f.ts';`],
      ['src/f.ts', `import type { E } from './e.ts';`],
    ]);
    expect(cycles(circle)).toEqual(['src/a.ts → src/b.ts → src/c/c.ts → src/a.ts', 'src/d.ts → src/d.ts']);
  });

  test('what a file reaches through others', () => {
    const sources = new Map([
      ['tests/a.ts', `import { b } from './support/b.ts';`],
      ['tests/support/b.ts', `import { c } from '../../src/c.ts';`],
    ]);
    expect(reach(sources, ['tests/a.ts'])).toContain('src/c.ts');
  });
});
