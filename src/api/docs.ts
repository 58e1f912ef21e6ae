import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

interface DocsFile {
  /** Media type, with its charset where it has one. */
  readonly type: string;
  readonly read: () => Promise<string | Buffer>;
}

const require = createRequire(import.meta.url);

// Swagger UI, not Scalar's reference: the document in 2 packages instead of 272, and no build.
const folder = dirname(require.resolve('swagger-ui-dist/package.json'));
const packaged = (name: string, type: string): [string, DocsFile] => [
  name,
  { type, read: () => readFile(join(folder, name)) },
];

// No validatorUrl: its badge would send the document's address to a server outside.
const start = `SwaggerUIBundle({
  url: '/openapi.json',
  domNode: document.querySelector('main'),
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

/** All that the page may load, by name: a request names an entry here, never a path. */
export const docsFiles: ReadonlyMap<string, DocsFile> = new Map([
  packaged('swagger-ui-bundle.js', 'text/javascript'),
  packaged('swagger-ui.css', 'text/css'),
  packaged('favicon-32x32.png', 'image/png'),
  ['start.js', { type: 'text/javascript', read: async () => start }],
]);

export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>tbd: the API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<main></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

/** What the page needs of the browser, and nothing from elsewhere; its icons are data in its style sheet. */
export const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
