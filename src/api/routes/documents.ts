import Router from '@koa/router';

/** `/openapi.json`. */
export function documentRoutes(): Router {
  const router = new Router();
  let text: Promise<string> | undefined;

  router.get('/openapi.json', async (ctx) => {
    text ??= writeDocument();
    ctx.set('Cache-Control', 'no-cache');
    ctx.type = 'application/json';
    ctx.body = await text;
  });

  return router;
}

// Loaded and written when somebody asks: most processes are never asked.
async function writeDocument(): Promise<string> {
  const { apiDocumentText } = await import('../openapi/document.ts');
  return apiDocumentText();
}
