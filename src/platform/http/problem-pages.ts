import { STATUS_CODES } from 'node:http';
import Router from '@koa/router';
import { z } from 'zod';
import { Problem } from './problem.ts';
import { problemAddress } from './problem-document.ts';
import type { ProblemType } from './problem-types.ts';

export const problemTypeAnswer = z
  .object({
    type: z.string().meta({ format: 'uri-reference' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.string(),
    meaning: z.string().meta({ description: 'What happened' }),
    remedy: z.string().meta({ description: 'What to do next' }),
  })
  .meta({ id: 'ProblemType', description: 'What every problem with this code has in common' });

type ProblemTypeAnswer = z.input<typeof problemTypeAnswer>;

/** The pages that the `type` of a problem points at, for people and, as JSON, for programs; 404 for an unknown code. */
export function problemPagesRouter(catalogue: Readonly<Record<string, ProblemType>>): Router {
  const pages = new Map(Object.entries(catalogue).map(([code, type]) => [code, present(code, type)]));
  const router = new Router({ sensitive: true });
  router.get('/problems/:code', (ctx) => {
    const page = pages.get(String(ctx.params.code));
    if (page === undefined) {
      const detail = 'No problem goes by this name; take the address from the type of a problem.';
      throw new Problem(404, 'not_found', detail);
    }
    ctx.vary('Accept');
    switch (ctx.accepts('html', 'json')) {
      case 'html':
        ctx.type = 'html';
        ctx.body = render(page);
        return;
      case 'json':
        ctx.body = page;
        return;
      default:
        throw new Problem(406, 'not_acceptable', 'Ask for text/html or application/json.');
    }
  });
  return router;
}

function present(code: string, { status, meaning, remedy }: ProblemType): ProblemTypeAnswer {
  const title = STATUS_CODES[status] ?? 'Unknown';
  return { type: problemAddress(code), title, status, code, meaning, remedy };
}

function render({ code, status, title, meaning, remedy }: ProblemTypeAnswer): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${code}: ${status} ${title}</title>
</head>
<body>
<h1>${code}</h1>
<p>Status ${status} ${title}</p>
<h2>What it means</h2>
<p>${escapeHtml(meaning)}</p>
<h2>What to do</h2>
<p>${escapeHtml(remedy)}</p>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
