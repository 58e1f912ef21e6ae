// `check.ts` fails where a schema would break somebody; `check.ts freeze` takes new files into frozen.json.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { eventSubjects } from '../../src/consumers/formats/registered-encodings.ts';
import { topicsOf } from '../../src/consumers/topics.ts';
import { readConfig } from '../../src/platform/config.ts';
import { createSchemaRegistry } from '../../src/platform/schema-registry.ts';
import { type Files, freeze, problems } from './rules.ts';
import type { Frozen } from './surface.ts';

const folder = 'schemas';
const lock = `${folder}/frozen.json`;

const files: Files = new Map(
  globSync(['avro/*.avsc', 'protobuf/*.proto'], { cwd: folder })
    .sort()
    .map((file) => [file, readFileSync(`${folder}/${file}`, 'utf8')]),
);
const frozen: Frozen = JSON.parse(readFileSync(lock, 'utf8'));

const isFreezing = process.argv[2] === 'freeze';
const wanted = isFreezing ? freeze(files, frozen) : frozen;
const found = problems(files, wanted);
if (found.length === 0) found.push(...(await refusals().catch((error: Error) => [error.message])));
for (const problem of found) process.stderr.write(`${problem}\n`);
if (found.length > 0) process.exitCode = 1;
else process.stdout.write(`${files.size} schemas live together\n`);
// What shipped is bound for ever: nothing that breaks a reader gets in.
if (isFreezing && found.length === 0) writeFileSync(lock, `${JSON.stringify(wanted, null, 2)}\n`);

/** What the registry, where one is given, says to the newest version of each. */
async function refusals(): Promise<string[]> {
  const config = readConfig();
  if (config.SCHEMA_REGISTRY_URL === undefined) return [];
  const registry = createSchemaRegistry(config.SCHEMA_REGISTRY_URL);
  const asked = eventSubjects(topicsOf(config)).map(async ({ subject, schema }) => {
    const reasons = await registry.incompatibilities(subject, schema);
    return reasons.map((reason) => `${subject}: ${reason}`);
  });
  return (await Promise.all(asked)).flat();
}
