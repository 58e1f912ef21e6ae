import { createHash } from 'node:crypto';
import { once as event } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once, run } from './download.ts';
import { kafkaSources, verifyAll } from './parts/kafka-sources.ts';
import { readSettings } from './settings.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tbd-download-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a download that breaks off leaves nothing behind and the next one succeeds', async () => {
  const part = join(folder, 'part-1');
  const broken = once(part, 'a broken part', async (into) => {
    writeFileSync(join(into, 'half'), 'x');
    throw new Error('connection lost');
  });
  await expect(broken).rejects.toThrow('connection lost');
  expect(readdirSync(folder)).toEqual([]);
  await once(part, 'a whole part', async (into) => writeFileSync(join(into, 'whole'), 'x'));
  expect(readdirSync(part)).toEqual(['whole']);
});

test('two who ask for the same at once get it by one download', async () => {
  const part = join(folder, 'part-1');
  let downloads = 0;
  const fill = async (into: string) => {
    downloads += 1;
    await run([process.execPath, '-e', ''], { env: process.env });
    writeFileSync(join(into, 'whole'), 'x');
  };
  expect(await Promise.all([once(part, 'one', fill), once(part, 'two', fill)])).toEqual([part, part]);
  expect(downloads).toBe(1);
});

test('what is there is not downloaded again', async () => {
  mkdirSync(join(folder, 'part-1'));
  await once(join(folder, 'part-1'), 'unused', () => Promise.reject(new Error('asked again')));
});

test('a file that differs from its pinned sum, is not pinned or is missing is refused', async () => {
  writeFileSync(join(folder, 'a.jar'), 'right');
  const sum = createHash('sha256').update('right').digest('hex');
  await verifyAll(folder, `${sum}  a.jar\n`);
  await expect(verifyAll(folder, `${sum}  a.jar\n${sum}  b.jar\n`)).rejects.toThrow('lacks b.jar');
  writeFileSync(join(folder, 'a.jar'), 'wrong');
  await expect(verifyAll(folder, `${sum}  a.jar\n`)).rejects.toThrow('refused');
  await expect(verifyAll(folder, `${sum}  c.jar\n`)).rejects.toThrow('not the pinned nothing');
});

describe('the official Kafka archive', () => {
  const archive = 'kafka_2.13-4.1.2';

  test('is unpacked when its sha512 is right and refused when it is not', async () => {
    mkdirSync(join(folder, 'site', archive, 'libs'), { recursive: true });
    writeFileSync(join(folder, 'site', archive, 'libs', 'kafka.jar'), 'jar');
    const tgz = join(folder, `${archive}.tgz`);
    await run(['tar', '-czf', tgz, '-C', join(folder, 'site'), archive], { env: process.env });
    let body = readFileSync(tgz);
    const sums = `${archive}.tgz: ${createHash('sha512')
      .update(body)
      .digest('hex')
      .toUpperCase()
      .replace(/(.{8})/g, '$1 ')}\n`;
    const server = createServer((request, response) =>
      response.end(request.url?.endsWith('.sha512') ? sums : body),
    );
    await event(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    const settings = readSettings({
      ...process.env,
      TBD_PARTS: join(folder, 'parts'),
      KAFKA_ARCHIVE_URL: url,
    });
    const jars = await kafkaSources.at(-1)?.get(settings);
    expect(readdirSync(jars ?? '')).toEqual(['kafka.jar']);

    rmSync(jars ?? '', { recursive: true });
    body = Buffer.concat([body, Buffer.from('!')]);
    await expect(kafkaSources.at(-1)?.get(settings)).rejects.toThrow('refused');
    expect(existsSync(jars ?? '')).toBe(false);
    server.close();
  });
});
