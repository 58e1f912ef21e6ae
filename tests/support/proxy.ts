import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Link extends AsyncDisposable {
  readonly port: number;
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>;
  heal(): Promise<void>;
  /** Keeps every connection and takes new ones, but nothing passes any more: a peer that hangs. */
  hang(): void;
  /** Lets the next request that contains `mark` through, and ends its connection in place of the answer. */
  loseAnswerTo(mark: string): void;
  /** Resolves when the answer has been lost. */
  readonly answerLost: Promise<void>;
  /** Keeps the next request that contains `mark`, and all behind it on its connection; resolves when it has come. */
  holdBack(mark: string): Promise<void>;
}

interface Target {
  readonly host: string;
  readonly port: number;
  /** What a client is to see of the server's bytes. */
  readonly translate?: (proxyPort: number) => (bytes: Buffer) => Buffer;
}

/** A connection to a real part that a test can break. */
export async function startProxy(target: Target): Promise<Link> {
  const sockets = new Set<Socket>();
  const lost = Promise.withResolvers<void>();
  let mark: string | undefined;
  let held: { readonly mark: string; readonly come: () => void } | undefined;
  let hangs = false;
  let server = await listen(0);
  const { port } = server.address() as AddressInfo; // a TCP server's address is always an object

  function listen(at: number): Promise<Server> {
    const listening = createServer(pass).listen(at, '127.0.0.1');
    return once(listening, 'listening').then(() => listening);
  }

  function pass(client: Socket): void {
    const upstream = connect({ host: target.host, port: target.port, noDelay: true });
    const translate = target.translate?.(port) ?? ((bytes: Buffer) => bytes);
    let isMarked = false;
    let isHeld = false;
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (held !== undefined && bytes.includes(held.mark)) {
        held.come();
        held = undefined;
        isHeld = true;
      }
      if (hangs || isHeld) return;
      if (mark !== undefined && bytes.includes(mark)) {
        mark = undefined;
        isMarked = true;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (hangs) return;
      if (!isMarked) return client.write(translate(bytes));
      client.destroy();
      lost.resolve();
    });
  }

  async function cut(): Promise<void> {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  }

  return {
    port,
    cut,
    heal: async () => {
      hangs = false;
      server = await listen(port);
    },
    hang: () => {
      hangs = true;
    },
    loseAnswerTo: (text) => {
      mark = text;
    },
    answerLost: lost.promise,
    holdBack: (text) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = { mark: text, come: resolve };
      return promise;
    },
    [Symbol.asyncDispose]: cut,
  };
}
