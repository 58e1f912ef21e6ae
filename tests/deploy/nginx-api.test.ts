import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import { describeWith, needsTool } from '../support/tools.ts';
import { roleServices } from './compose.ts';
import { nameServer } from './dns.ts';
import { type Balancer, startNginx } from './nginx.ts';
import { freePort } from './ports.ts';
import { type Running, startService } from './start-service.ts';
import { nginx as nginxTool } from './tools.ts';

describeWith('two api containers behind the load balancer', await needsTool(nginxTool), (nginx) => {
  const hosts = ['127.0.0.1', '127.0.0.2'];
  const resources = new AsyncDisposableStack();
  const apis: Running[] = [];
  let balancer: Balancer;
  let direct: string;

  beforeAll(async () => {
    const [, service] = roleServices().find(([name]) => name === 'api') ?? [];
    if (service === undefined) throw new Error('docker-compose.yml has no api');
    const port = await freePort();
    for (const BIND_ADDRESS of hosts) {
      const api = await startService(service, { folder: '', BIND_ADDRESS, API_PORT: String(port) });
      apis.push(resources.use(api));
    }
    const dns = resources.use(await nameServer());
    dns.answer(hosts);
    balancer = resources.use(await startNginx(nginx, { dnsPort: dns.port, apiPort: port }));
    direct = `http://127.0.0.1:${port}`;
  }, 60_000);
  afterAll(() => resources.disposeAsync(), 60_000);

  const post = (url: string, headers: Record<string, string> = {}, body = order) =>
    fetch(`${url}/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID(), ...headers },
      body,
    });

  test('orders are taken by both, and the trace and the request id come back', async () => {
    const traceId = 'c'.repeat(32);
    for (let sent = 0; sent < 6; sent += 1) {
      const headers = {
        'x-request-id': `request-${sent}`,
        traceparent: `00-${traceId}-${'d'.repeat(16)}-01`,
      };
      const answer = await post(balancer.url, headers);
      expect(answer.status).toBe(202);
      expect(answer.headers.get('x-request-id')).toBe(`request-${sent}`);
      expect(answer.headers.get('traceparent')).toContain(traceId);
    }
    await eventually(async () => expect(new Set(balancer.upstreams()).size).toBeGreaterThanOrEqual(2), 2_000);
  });

  test('the balancer refuses a large body with the words of the api', async () => {
    const refusal = async (url: string) => {
      const answer = await post(url, { 'x-request-id': 'large' }, `"${'x'.repeat(1_000_000)}"`);
      const { trace_id, span_id, ...problem }: Record<string, unknown> = JSON.parse(await answer.text());
      expect([trace_id, span_id]).toEqual([expect.any(String), expect.any(String)]);
      return { status: answer.status, type: answer.headers.get('content-type')?.split(';')[0], problem };
    };
    expect(await refusal(balancer.url)).toEqual(await refusal(direct));
  });

  test('a killed api process costs no order', async () => {
    await apis[1]?.kill('SIGKILL');
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(balancer.url)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
  });
});

const order = JSON.stringify({ customer_email: 'nginx@example.com', amount_cents: 1_250 });
