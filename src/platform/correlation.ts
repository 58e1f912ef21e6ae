import { type Context, propagation } from '@opentelemetry/api';

const correlation = 'correlation_id';

/** `parent` with the id by which a client knows its request: it goes along to the run and its activities, and is on their lines. */
export function withCorrelation(parent: Context, id: string | undefined): Context {
  return id === undefined
    ? parent
    : propagation.setBaggage(parent, propagation.createBaggage({ [correlation]: { value: id } }));
}

/** undefined where nobody brought one. */
export function activeCorrelation(): string | undefined {
  return propagation.getActiveBaggage()?.getEntry(correlation)?.value;
}
