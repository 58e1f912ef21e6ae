import { freePorts } from '../../stack/ports.ts';
import { eventually } from '../support/eventually.ts';
import { type Running, startProgram } from '../support/program.ts';

/** A bridge beside that of the stack, ready when this resolves. */
export async function startBridge(
  env: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const { METRICS_PORT } = await freePorts();
  const program = startProgram(['bridge'], { ...env, METRICS_PORT: String(METRICS_PORT), ...more });
  await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${METRICS_PORT}/readyz`).catch(() => undefined);
    if (answer?.status !== 200)
      throw new Error(`the second bridge is not ready: ${program.output().slice(-500)}`);
  }, 60_000);
  return program;
}
