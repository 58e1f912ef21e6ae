import { connect } from 'node:net';

/** Resolves when something accepts connections at `host:port`; rejects with the reason otherwise. */
export async function tcpCheck(address: string): Promise<void> {
  const at = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('connect', resolve).once('error', reject);
    await promise;
  } finally {
    socket.destroy();
  }
}
