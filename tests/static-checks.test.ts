import { spawnSync } from 'node:child_process';

const checks = [
  ['the types hold', 'tsc', []],
  ['the code is formatted and lint-free', 'biome', ['check', '--error-on-warnings']],
  ['nothing is unused: exports, files, dependencies', 'knip', []],
  ['the API’s document is well-formed OpenAPI', 'redocly', ['lint', 'openapi.json']],
] as const;

test.each(checks)(
  '%s',
  (_, tool, args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin(tool), ...args], {
      encoding: 'utf8',
      // Redocly would ask for a newer version of itself, and tell that it ran.
      env: { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', REDOCLY_TELEMETRY: 'off' },
    });
    expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, output: '' });
  },
  120_000,
);

function bin(tool: string): string {
  return `node_modules/.bin/${tool}`;
}
