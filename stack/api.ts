import { addresses } from './environment.ts';
import type { Settings } from './settings.ts';

/** A problem document in a sentence. */
async function complaint(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { detail, errors = [] } = JSON.parse(text) as Problem; // the contract of the API
    if (detail === undefined) throw new Error('not a problem document');
    return [detail, ...errors.map((one) => `${one.pointer} ${one.detail}`)].join(' ');
  } catch {
    return `the api answered ${response.status}: ${text.slice(0, 300)}`;
  }
}

type Problem = { detail?: string; errors?: { pointer: string; detail: string }[] };

/** The answer to a question, or to a request with a body. */
export type Api = <T>(path: string, body?: object) => Promise<T>;

export function createApi(settings: Settings): Api {
  const { API_URL = '' } = addresses(settings);
  return async <T>(path: string, body?: object) => {
    const response = await fetch(`${API_URL}${path}`, {
      ...(body && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
      signal: AbortSignal.timeout(30_000),
    }).catch((cause: unknown) => {
      throw new Error(`no api answers at ${API_URL}; \`make up\` starts it`, { cause });
    });
    if (response.ok) return (await response.json()) as T; // the contract of the API
    throw new Error(await complaint(response));
  };
}
