import { type ProcessSpec, runFile, writeWhole } from './table.ts';

/** What Prometheus reads, its own or another: every process with metrics, by the name of its kind. */
export const targetsFile = (home: string) => runFile(home, 'targets.json');

export function writeTargets(home: string, specs: Pick<ProcessSpec, 'name' | 'ports'>[]): void {
  const groups = specs.flatMap(({ name, ports }) =>
    ports.METRICS_PORT === undefined
      ? []
      : [{ targets: [`127.0.0.1:${ports.METRICS_PORT}`], labels: { role: name.replace(/-\d+$/, '') } }],
  );
  writeWhole(targetsFile(home), JSON.stringify(groups, null, 2));
}
