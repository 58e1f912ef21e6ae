const answerWithinMs = 30_000;

/** The body of an answer that has `status`; anything else is an error that says what was asked and what came. */
export async function post<T>(
  url: string,
  { body, key, status }: { body: unknown; key: string; status: number },
): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(answerWithinMs),
  });
  if (response.status === status) return (await response.json()) as T; // the contract of the API
  throw new Error(
    `POST ${url} answered ${response.status}: ${await response.text()}\n  \`make logs\` shows what the api says`,
  );
}

export async function get(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(answerWithinMs) });
  if (response.ok) return (await response.text()).trim();
  throw new Error(`GET ${url} answered ${response.status}: ${await response.text()}`);
}
