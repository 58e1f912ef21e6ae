const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
};

const globalTeardown = '<rootDir>/tests/support/global-teardown.ts';

const isLong = process.env.TBD_LONG === 'true';
// Minutes each; in short tests/lab walks the way of an outage and tests/integration/circuit-breakers.test.ts counts its
// probes, in tests/chaos/chaos.test.ts parts are killed, and a bank is open through all of it.
const longOnly = ['payment-outage', 'event-plane', 'bank'].map(
  (name) => `<rootDir>/tests/chaos/${name}.test.ts`,
);

export default {
  testTimeout: 30_000,
  // One file at a time: some kill what others would be using. In a process apart, made anew once it has grown.
  maxWorkers: 1,
  workerIdleMemoryLimit: '1GB',
  reporters: ['default', '<rootDir>/tests/support/closing-line.ts'],
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/{src,stack,bench}/**/*.test.ts',
        '<rootDir>/tests/*.test.ts',
        '<rootDir>/tests/{openapi,replay}/**/*.test.ts',
      ],
    },
    {
      // The real Postgres, Kafka and Temporal run; their addresses are in the environment.
      ...common,
      displayName: 'integration',
      testMatch: ['<rootDir>/tests/{integration,fuzz,traces}/**/*.test.ts'],
      globalSetup: '<rootDir>/tests/support/parts-setup.ts',
      globalTeardown,
    },
    {
      // Every role runs, too.
      ...common,
      displayName: 'real',
      testMatch: [
        '<rootDir>/tests/!(integration|fuzz|traces|openapi|replay|chaos|observability|workflows)/**/*.test.ts',
      ],
      globalSetup: '<rootDir>/tests/support/global-setup.ts',
      globalTeardown,
    },
    {
      // On stacks and servers of their own: nobody else minds when they are killed.
      ...common,
      displayName: 'apart',
      testMatch: ['<rootDir>/tests/{chaos,observability,workflows}/**/*.test.ts'],
      testPathIgnorePatterns: isLong ? [] : longOnly,
    },
  ],
};
