import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import type { Alert, Prometheus } from './prometheus.ts';

/** Sees every alert that fires, also one that is over before somebody asks for it. */
export interface AlertWatch extends AsyncDisposable {
  /** Those that have fired so far. */
  seen(): Alert[];
  /** Resolves when it has fired, with these labels at least. */
  fired(name: string, withinMs: number, labels?: Labels): Promise<Alert>;
  /** Resolves when it fires no more. */
  over(name: string, withinMs: number): Promise<void>;
}

type Labels = Readonly<Record<string, string>>;

const everyMs = 500;

export function watchAlerts(prometheus: Prometheus): AlertWatch {
  const seen = new Map<string, Alert>();
  let now: readonly Alert[] = [];
  let isStopped = false;
  const watching = (async () => {
    while (!isStopped) {
      // One answer that is late says nothing about the alerts.
      now = await prometheus.alerts().catch(() => now);
      for (const alert of now) if (alert.state === 'firing') seen.set(`${alert.labels.alertname}`, alert);
      await pause(everyMs);
    }
  })();
  const active = () => now.map(({ labels, state }) => `${labels.alertname} ${state}`).join(', ');
  return {
    seen: () => [...seen.values()],
    fired: (alertname, withinMs, labels = {}) =>
      eventually(async () => {
        const wanted = Object.entries({ ...labels, alertname });
        const alert = [...seen.values()].find((one) =>
          wanted.every(([label, value]) => one.labels[label] === value),
        );
        if (alert === undefined) throw new Error(`${alertname} does not fire; what does: ${active()}`);
        return alert;
      }, withinMs),
    over: (name, withinMs) =>
      eventually(async () => {
        const alerts = await prometheus.alerts();
        if (alerts.some(({ labels, state }) => labels.alertname === name && state === 'firing'))
          throw new Error(`${name} still fires; what does: ${active()}`);
      }, withinMs),
    async [Symbol.asyncDispose]() {
      isStopped = true;
      await watching;
    },
  };
}
