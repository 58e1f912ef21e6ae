import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port that nothing on this machine listens on, whatever its address. Not one that the kernel gives to who connects to
 * something (32768 and up), or it may be gone by the time it is listened on; nor one of the stacks' (stack/ports.ts).
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 10_000);
    const server = createServer().listen(port, '0.0.0.0');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
