import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { checkPorts, freePorts, wantedPorts } from './ports.ts';

test('a taken port is an error that names the setting and a free number', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const check = checkPorts(tmpdir(), [{ setting: 'DB_PORT', port }]);
  await expect(check).rejects.toThrow(
    new RegExp(`port ${port} is taken .*set DB_PORT: make up DB_PORT=\\d+`),
  );
  expect(server.listening).toBe(true);
  server.close();
});

test('two settings with one number are refused by name', async () => {
  const { API_PORT: port } = await freePorts();
  const check = checkPorts(tmpdir(), [
    { setting: 'API_PORT', port },
    { setting: 'PAYMENT_PORT', port },
  ]);
  await expect(check).rejects.toThrow('PAYMENT_PORT and API_PORT are both');
});

test('scaled api processes share one port and each has its own for metrics', () => {
  const wanted = wantedPorts([
    { name: 'api', ports: { API_PORT: 8080, METRICS_PORT: 9464 } },
    { name: 'api-2', ports: { API_PORT: 8080, METRICS_PORT: 9468 } },
  ]);
  expect(wanted.map(({ port }) => port)).toEqual([8080, 9464, 9468]);
});

test('free ports come as numbers that nobody listens on, all different', async () => {
  const ports = Object.values(await freePorts());
  expect(new Set(ports).size).toBe(ports.length);
});
