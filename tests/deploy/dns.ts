import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface NameServer extends AsyncDisposable {
  readonly port: number;
  /** What every name resolves to from now on. */
  answer: (addresses: readonly string[]) => void;
}

/** Plays Docker's DNS: one name, the addresses of the containers behind it. */
export async function nameServer(): Promise<NameServer> {
  let addresses: readonly string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => socket.send(reply(query, addresses), from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    answer: (now) => {
      addresses = now;
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

// RFC 1035 4.1: header of 12 bytes, the question repeated, one A record each with a time to live of 1 s.
function reply(query: Buffer, addresses: readonly string[]): Buffer {
  const endOfName = query.indexOf(0, 12);
  const question = query.subarray(12, endOfName + 5);
  const isForAddress = query.readUInt16BE(endOfName + 1) === 1;
  const answers = isForAddress ? addresses : [];
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  header.fill(0, 8, 12);
  const pointerToName = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4];
  const records = answers.map((address) =>
    Buffer.from([...pointerToName, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([header, question, ...records]);
}
