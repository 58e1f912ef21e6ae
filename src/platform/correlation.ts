import { type Context, context, createContextKey, propagation } from '@opentelemetry/api';

const correlation = 'correlation_id';
const request = createContextKey('request id');

/** `parent` with the id by which a client knows its request: it goes along to the run and its activities, and is on their lines. */
export function withCorrelation(parent: Context, id: string | undefined): Context {
  return id === undefined
    ? parent
    : propagation.setBaggage(parent, propagation.createBaggage({ [correlation]: { value: id } }));
}

/**
 * `parent` with the id of the request that is answered: it is on every line until then, and travels nowhere by itself. Nor does
 * the baggage that came with it: a run would keep it in its history, and take its request's id from it.
 */
export function withRequest(parent: Context, id: string): Context {
  return propagation.deleteBaggage(parent).setValue(request, id);
}

/** Of the request that is answered here, or that began what is carried out; undefined where nobody brought one. */
export function activeRequestId(): string | undefined {
  const active = context.active();
  const answered = active.getValue(request);
  return typeof answered === 'string'
    ? answered
    : propagation.getBaggage(active)?.getEntry(correlation)?.value;
}
