import { freePort } from '../deploy/ports.ts';
import { freshDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startIssuer } from '../support/issuer.ts';
import { startProgram } from '../support/program.ts';

test('settings alone make the api ask for tokens, know its callers and limit them; it drains with 0', async () => {
  await using issuer = await startIssuer();
  await using database = await freshDatabase();
  const [port, metrics] = [await freePort(), await freePort()];
  const program = startProgram(['api'], {
    API_PORT: String(port),
    METRICS_PORT: String(metrics),
    DATABASE_URL: database.url,
    LOG_LEVEL: 'debug',
    AUTH_MODE: 'jwt',
    AUTH_ISSUER: issuer.settings.issuer,
    AUTH_AUDIENCE: issuer.settings.audience,
    AUTH_PUBLIC_KEY: issuer.publicKey('ES256').export({ format: 'pem', type: 'spki' }).toString(),
    RATE_LIMIT_PER_SECOND: '1',
    RATE_LIMIT_BURST: '2',
  });
  const list = async (headers: Record<string, string>) => {
    const { status, headers: said } = await fetch(`http://127.0.0.1:${port}/v1/orders`, { headers });
    return [status, said.get('ratelimit'), said.get('ratelimit-policy')];
  };
  await eventually(async () => expect(await list({})).toEqual([401, null, null]), 20_000);
  const ada = await issuer.bearer('ada-lovelace');
  expect(await list(ada)).toEqual([200, '"default";r=1;t=1', '"default";q=2;w=2']);
  const limited = async () => expect((await list(ada))[0]).toBe(429);
  await eventually(limited, 5_000);
  program.kill('SIGTERM');
  const { code, stdout, stderr } = await program.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('"status":429');
  for (const secret of ['ada-lovelace', ada.Authorization.slice(-43)]) expect(stdout).not.toContain(secret);
  expect(await database.rows('select caller from rate_limits')).toHaveLength(1);
}, 60_000);
