import { readFileSync } from 'node:fs';
import { apiProblems } from '../problem-types.ts';
import { apiDocumentText, createApiDocument } from './document.ts';
import { undocumented } from './refusals.ts';

test('openapi.json is the document of today’s code; where it is not, run `make openapi`', () => {
  expect(readFileSync('openapi.json', 'utf8')).toBe(apiDocumentText());
});

test('every code that the api answers with is in some response, but those for what is not in the document', () => {
  const named = new Set(
    Object.values(createApiDocument().paths ?? {})
      .flatMap((path) => [path.get, path.post, path.patch])
      .flatMap((operation) => Object.values(operation?.responses ?? {}))
      .flatMap((response) => Object.keys(response.content?.['application/problem+json']?.examples ?? {})),
  );
  expect([...named, ...undocumented].toSorted()).toEqual(Object.keys(apiProblems).toSorted());
});
