import { createAuthenticator } from '../../src/api/authenticator.ts';
import { startTestApi, type TestApi } from './api.ts';
import { startIssuer, type TestIssuer } from './issuer.ts';
import { silent } from './log.ts';

export interface GuardedApi extends AsyncDisposable {
  /** Everybody is one caller. */
  readonly api: TestApi;
  /** On the same data, with a token for each caller. */
  readonly guarded: TestApi;
  readonly issuer: TestIssuer;
}

export async function startGuardedApi(): Promise<GuardedApi> {
  await using starting = new AsyncDisposableStack();
  const api = starting.use(await startTestApi());
  const issuer = starting.use(await startIssuer());
  const authenticator = createAuthenticator(issuer.settings, { log: silent });
  const guarded = starting.use(await startTestApi({ authenticator, database: api.database }));
  const running = starting.move();
  return { api, guarded, issuer, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
