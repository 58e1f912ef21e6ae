const typescript = {
  '^.+\\.ts$': [
    '@swc/jest',
    { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
  ],
};

export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: typescript,
  testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/stack/**/*.test.ts', '<rootDir>/tests/**/*.test.ts'],
  testTimeout: 30_000,
};
