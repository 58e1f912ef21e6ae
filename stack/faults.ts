import { addresses } from './environment.ts';
import { bold, say } from './output.ts';
import type { Settings } from './settings.ts';

const PRESETS: Record<string, object> = {
  delay: { delay_ms: 300 },
  errors: { error_pct: 30 },
  combined: { delay_ms: 300, error_pct: 30 },
  clear: {},
};

/** Replaces what goes wrong at the payment service, and shows what is in force now. */
export async function setFaults(settings: Settings, preset = ''): Promise<void> {
  const faults = PRESETS[preset];
  if (faults === undefined)
    throw new Error(
      `${preset || 'nothing'} is no set of faults; say one of ${Object.keys(PRESETS).join(', ')}`,
    );
  const { env } = settings;
  const { PAYMENT_URL = env.PAYMENT_URL || env.PAYMENT_SERVICE_URL } = addresses(settings);
  const url = `${PAYMENT_URL}/v1/faults`;
  say(bold(`PUT ${url} ${JSON.stringify(faults)}`));
  say(`  in force: ${await put(url, faults)}`);
}

async function put(url: string, faults: object): Promise<string> {
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(faults),
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => {
    throw new Error(`no payment service answers at ${url}; \`make up\` starts it`, { cause });
  });
  const text = (await response.text()).trim();
  if (response.ok) return text;
  if (response.status === 404)
    throw new Error(`the payment service at ${url} takes no faults; \`make up FAULTS_ENABLED=true\` lets it`);
  throw new Error(`PUT ${url} answered ${response.status}: ${text}`);
}
