import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { securityHeaders } from '../../src/platform/http/security-headers.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith, needsTool } from '../support/tools.ts';
import { type NameServer, nameServer } from './dns.ts';
import { type Balancer, startNginx } from './nginx.ts';
import { freePort } from './ports.ts';
import { nginx as nginxTool } from './tools.ts';

const strict = Object.fromEntries(
  Object.entries(securityHeaders).map(([name, value]) => [name.toLowerCase(), value]),
);

interface Upstream extends AsyncDisposable {
  readonly address: string;
  readonly received: { method: string; headers: IncomingHttpHeaders }[];
}

describeWith('the load balancer', await needsTool(nginxTool), (nginx) => {
  const containers = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
  let resources: AsyncDisposableStack;
  let dns: NameServer;
  let balancer: Balancer;
  let port: number;

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    dns = resources.use(await nameServer());
    port = await freePort();
  });
  afterEach(() => resources.disposeAsync());

  async function balance(count: number): Promise<Upstream[]> {
    const upstreams = await Promise.all(containers.slice(0, count).map((host) => upstream(host, port)));
    for (const each of upstreams) resources.use(each);
    dns.answer(upstreams.map(({ address }) => address));
    balancer = resources.use(await startNginx(nginx, { dnsPort: dns.port, apiPort: port }));
    await seen(upstreams);
    return upstreams;
  }

  async function seen(upstreams: Upstream[]): Promise<void> {
    await eventually(async () => {
      for (const each of upstreams) each.received.length = 0;
      await requests(upstreams.length * 2);
      expect(upstreams.map(({ received }) => received.length)).not.toContain(0);
    }, 10_000);
    for (const each of upstreams) each.received.length = 0;
  }

  async function requests(count: number, init: RequestInit = {}): Promise<number[]> {
    const statuses: number[] = [];
    for (let sent = 0; sent < count; sent += 1) statuses.push((await fetch(balancer.url, init)).status);
    return statuses;
  }

  test('requests go round the api processes in equal shares', async () => {
    const [one, two] = await balance(2);
    await requests(40);
    // Each of nginx's worker processes may start its round anywhere, so one request may be over.
    expect(one?.received.length).toBeGreaterThanOrEqual(18);
    expect(two?.received.length).toBeGreaterThanOrEqual(18);
  });

  test('an api container that was added gets its share without a restart', async () => {
    const [first] = await balance(1);
    const second = resources.use(await upstream('127.0.0.2', port));
    if (first === undefined) throw new Error('no first upstream');
    dns.answer([first.address, second.address]);
    await seen([first, second]);
    await requests(20);
    expect(second.received.length).toBeGreaterThanOrEqual(8);
  });

  test.each(['GET', 'POST'])('no %s fails when one of two api processes dies', async (method) => {
    const [, dying] = await balance(2);
    await dying?.[Symbol.asyncDispose]();
    expect(new Set(await requests(40, { method }))).toEqual(new Set([202]));
  });

  test('a POST that was already sent is not repeated elsewhere', async () => {
    const [one, two] = await balance(2);
    const answer = await fetch(balancer.url, { method: 'POST', headers: { 'x-die': 'now' } });
    expect(answer.status).toBe(503);
    const all = [...(one?.received ?? []), ...(two?.received ?? [])];
    expect(all.filter(({ headers }) => headers['x-die'] !== undefined)).toHaveLength(1);
  });

  test('X-Request-Id, traceparent and Idempotency-Key reach the api as they were sent', async () => {
    const [api] = await balance(1);
    const headers = {
      'x-request-id': 'order-1.a:b',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'idempotency-key': '"k"',
    };
    await requests(1, { headers });
    expect(api?.received.at(-1)?.headers).toMatchObject(headers);
  });

  test('a request without a usable id gets one, and the log names it', async () => {
    const [api] = await balance(1);
    await requests(1, { headers: { 'x-request-id': 'not sane!' } });
    const given = api?.received.at(-1)?.headers['x-request-id'];
    expect(given).toMatch(/^[0-9a-f]{32}$/);
    await eventually(async () => expect(balancer.log()).toContain(`"request_id":"${given}"`), 2_000);
  });

  test('a body past the limit is refused before the api sees it, as a problem document', async () => {
    const [api] = await balance(1);
    const answer = await fetch(balancer.url, { method: 'POST', body: 'x'.repeat(1_000_001) });
    expect(answer.status).toBe(413);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(Object.fromEntries(answer.headers)).toMatchObject(strict);
    const problem = await answer.json();
    expect(problem).toMatchObject({
      status: 413,
      code: 'body_too_large',
      instance: answer.headers.get('x-request-id'),
    });
    expect(api?.received).toHaveLength(0);
  });

  test('a body at the limit passes', async () => {
    await balance(1);
    expect(await requests(1, { method: 'POST', body: 'x'.repeat(1_000_000) })).toEqual([202]);
  });

  test('with no api at all the answer is 503 with Retry-After, and the balancer recovers by itself', async () => {
    const [only] = await balance(1);
    await only?.[Symbol.asyncDispose]();
    const answer = await fetch(balancer.url, {
      headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
    });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(Object.fromEntries(answer.headers)).toMatchObject(strict);
    expect(await answer.json()).toMatchObject({ code: 'api_unreachable', trace_id: 'a'.repeat(32) });
    resources.use(await upstream('127.0.0.1', port));
    await eventually(async () => expect(await requests(1)).toEqual([202]), 10_000);
  });
});

async function upstream(address: string, port: number): Promise<Upstream> {
  const received: Upstream['received'] = [];
  const server = createServer((request, response) => {
    received.push({ method: request.method ?? '', headers: request.headers });
    if (request.headers['x-die'] !== undefined) request.socket.destroy();
    else request.resume().on('end', () => response.writeHead(202).end());
  });
  server.listen(port, address);
  await once(server, 'listening');
  return {
    address,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
