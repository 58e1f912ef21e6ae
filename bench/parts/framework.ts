import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { alternate, controlRatios, pairRatios } from '../measure/blocks.ts';
import { total } from '../measure/cpu.ts';
import { type Measured, openProgram } from '../measure/program.ts';
import { ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface FrameworkPlan {
  readonly passes: number;
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What the chain itself costs: a POST that does nothing, beside Node's own server that parses and answers. */
export async function framework(
  _system: System,
  { passes, ...block }: FrameworkPlan,
  say: (line: string) => void,
): Promise<Part> {
  using chain = await openSubject('chain');
  using bare = await openSubject('bare');
  using requests = await openProgram('posts.ts', { CHAIN_URL: chain.url, BARE_URL: bare.url });
  const blocks = await alternate(
    passes,
    {
      chain: () => requests.run('chain', block, { server: chain.pid }),
      bare: () => requests.run('bare', block, { server: bare.pid }),
    },
    (name, measured) => say(`  ${name.padEnd(6)} ${perCpuSecond(measured).toFixed(0)} a second of its CPU`),
  );
  return {
    name: 'framework',
    control: ratioOf(controlRatios(blocks.bare)),
    rows: [
      {
        id: 'chain/bare-http',
        question:
          'POSTs a second of CPU through the whole chain to a route that does nothing ÷ through node:http with JSON.parse',
        ratio: ratioOf(pairRatios(blocks.chain, blocks.bare, perCpuSecond)),
        bar: { least: 0.45 },
      },
    ],
    notes: Object.entries(blocks).map(
      ([name, of]) =>
        `${name}: ${of.map((one) => perCpuSecond(one).toFixed(0)).join(' ')} a second of its CPU`,
    ),
  };
}

/** By CPU, since the client is slower than Node's own server and would hide the difference. */
function perCpuSecond({ measured, cpu }: Measured): number {
  return measured / (total(cpu) / 1_000);
}

interface Subject extends Disposable {
  readonly pid: number;
  readonly url: string;
}

async function openSubject(name: 'chain' | 'bare'): Promise<Subject> {
  const child = fork(fileURLToPath(new URL('../load/http-subject.ts', import.meta.url)), [name], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ port }] = await once(child, 'message');
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    [Symbol.dispose]: () => void child.kill('SIGTERM'),
  };
}
