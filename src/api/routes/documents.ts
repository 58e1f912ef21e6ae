import Router from '@koa/router';
import { Problem } from '../../platform/http/problem.ts';
import { docsFiles, docsPage, docsPolicy } from '../docs.ts';

const fileSeconds = 3_600;

/** `/openapi.json`, and `/docs`, which shows it with nothing from elsewhere. */
export function documentRoutes(): Router {
  const router = new Router({ sensitive: true });
  let text: Promise<string> | undefined;

  router.get('/openapi.json', async (ctx) => {
    text ??= writeDocument();
    ctx.set('Cache-Control', 'no-cache');
    ctx.type = 'application/json';
    ctx.body = await text;
  });

  router.get('/docs', (ctx) => {
    ctx.set({ 'Content-Security-Policy': docsPolicy, 'Cache-Control': 'no-cache' });
    ctx.type = 'html';
    ctx.body = docsPage;
  });

  router.get('/docs/:file', async (ctx) => {
    const file = docsFiles.get(String(ctx.params.file));
    if (file === undefined) {
      throw new Problem(404, 'not_found', 'The page at /docs has no such file; open that page instead.');
    }
    ctx.set('Cache-Control', `max-age=${fileSeconds}`);
    ctx.type = file.type;
    ctx.body = await file.read();
  });

  return router;
}

// Loaded and written when somebody asks: most processes are never asked.
async function writeDocument(): Promise<string> {
  const { apiDocumentText } = await import('../openapi/document.ts');
  return apiDocumentText();
}
