import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tcpCheck } from './tcp-check.ts';

test('an address where something listens is fine; when it has gone the reason is told', async () => {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address is always an object
  await tcpCheck(`127.0.0.1:${port}`);
  server.close();
  await once(server, 'close');
  await expect(tcpCheck(`127.0.0.1:${port}`)).rejects.toThrow('ECONNREFUSED');
});
