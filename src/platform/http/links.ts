import type { Context } from 'koa';

export type Parameters = Readonly<Record<string, string | number | undefined>>;

/**
 * The same address with other parameters, under its relation (RFC 8288); a relation that is undefined is left out.
 * Relative, since only a proxy knows the host that the client sees.
 */
export function setLinks(ctx: Context, links: Readonly<Record<string, Parameters | undefined>>): void {
  const parts = Object.entries(links).flatMap(([relation, parameters]) =>
    parameters === undefined ? [] : [`<${ctx.path}?${queryOf(parameters)}>; rel="${relation}"`],
  );
  if (parts.length > 0) ctx.set('Link', parts.join(', '));
}

function queryOf(parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) query.set(name, String(value));
  return query.toString();
}
