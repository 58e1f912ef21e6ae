import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { apiDocumentText } from '../../src/api/openapi/document.ts';
import { obtain } from '../../stack/parts/source.ts';
import { CHECKOUT, readSettings } from '../../stack/settings.ts';
import { breakingChanges, oasdiff } from './oasdiff.ts';

// `make openapi`: writes the document of today's code, unless clients of the committed one would break.
const file = resolve(process.argv[2] ?? `${CHECKOUT}/openapi.json`);
const text = apiDocumentText();
const broken = process.env.BREAKING_OK === 'true' ? [] : await brokenFor(committed());

if (broken.length === 0) {
  writeFileSync(file, text);
  process.stdout.write(`${basename(file)} is written; commit it with what changed it\n`);
} else {
  process.exitCode = 1;
  process.stderr.write(`Clients of the committed ${basename(file)} would break, so it stays as it is:
${broken.map((line) => `  ${line}`).join('\n')}
Keep what they rely on, or, where that is meant, run: make openapi BREAKING_OK=true
`);
}

async function brokenFor(before: string | undefined): Promise<string[]> {
  if (before === undefined || before === text) return [];
  return breakingChanges(
    await obtain(oasdiff.name, oasdiff.sources, readSettings(process.env)),
    before,
    text,
  );
}

/** What clients know; where git does not know the file, the file as it lies there. */
function committed(): string | undefined {
  const { status, stdout } = spawnSync('git', ['show', `HEAD:./${basename(file)}`], {
    cwd: dirname(file),
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  if (status === 0) return stdout;
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
