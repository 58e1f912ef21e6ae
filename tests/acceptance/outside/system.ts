import { openStack, type Stack } from '../../../stack/stack.ts';
import { type Addresses, readAddresses } from './addresses.ts';
import { type Api, createApi } from './api.ts';
import { type Events, openEvents } from './events.ts';
import { chargesOf, type Movement, readLedger, requestsSeen, setFaults } from './payments.ts';
import { openRuns, type Runs } from './runs.ts';

/** The running system, seen from where its clients and operators stand. */
export interface System extends AsyncDisposable {
  readonly addresses: Addresses;
  readonly api: Api;
  readonly events: Events;
  readonly runs: Runs;
  readonly payments: {
    ledger(): Promise<Movement[]>;
    chargesOf(orderId: string): ReturnType<typeof chargesOf>;
    /** Charges, refunds and look-ups since its start. */
    requests(): Promise<number>;
    setFaults(faults?: Readonly<Record<string, unknown>>): Promise<void>;
  };
  readonly stack: Stack;
}

export const bridgeGroup = 'tbd-workers';
export const terminalTopics = ['order.processed', 'order.failed', 'order.canceled'];

export async function openSystem(env: Readonly<Record<string, string | undefined>>): Promise<System> {
  const addresses = readAddresses(env);
  await using opened = new AsyncDisposableStack();
  const events = opened.use(await openEvents(addresses.kafka));
  const runs = opened.use(await openRuns(addresses.temporal));
  const resources = opened.move();
  return {
    addresses,
    api: createApi(addresses.api),
    events,
    runs,
    payments: {
      ledger: () => readLedger(addresses.payment),
      chargesOf: (orderId) => chargesOf(addresses.payment, orderId),
      requests: () => requestsSeen(addresses.payment),
      setFaults: (faults) => setFaults(addresses.payment, faults),
    },
    stack: openStack(addresses.home),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
