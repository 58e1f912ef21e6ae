import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Something on a project's own site; `mirror` is the setting by which another site may take its place. */
export async function fetchText(url: string, mirror: string): Promise<string> {
  return (await download(url, mirror)).text();
}

export async function fetchFile(url: string, file: string, mirror: string): Promise<void> {
  const { body } = await download(url, mirror);
  if (body === null) throw new Error(`${url} is empty; try again`);
  await pipeline(Readable.fromWeb(body), createWriteStream(file));
}

async function download(url: string, mirror: string): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(600_000) });
  if (response.ok) return response;
  throw new Error(`${url} answered ${response.status}; set ${mirror} to a mirror's folder`);
}
