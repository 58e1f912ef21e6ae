import type Koa from 'koa';
import type { Config } from '../platform/config.ts';
import { createApp } from '../platform/http/app.ts';
import { type Listening, listen } from '../platform/http/listen.ts';
import { operationsRouter } from '../platform/http/operations.ts';
import { problemPagesRouter } from '../platform/http/problem-pages.ts';
import type { Logger } from '../platform/logger.ts';
import { faultsInForce } from './facts.ts';
import { createDisturb } from './fault-middleware.ts';
import { createFaultPlan, type FaultPlan } from './fault-plan.ts';
import { faultRouter } from './fault-routes.ts';
import { type Faults, faultsBody } from './faults.ts';
import { createGroupCommit } from './group-commit.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { paymentProblems } from './problem-types.ts';
import { toProblem } from './problems.ts';
import { paymentRouter } from './routes.ts';

export interface PaymentDeps {
  readonly config: Pick<
    Config,
    | 'BIND_ADDRESS'
    | 'PAYMENT_PORT'
    | 'PAYMENT_LEDGER_FILE'
    | 'FAULTS_ENABLED'
    | 'PAYMENT_DELAY_MS'
    | 'PAYMENT_ERROR_PCT'
    | 'RATE_LIMIT_PCT'
    | 'PAYMENT_FAULT_SEED'
  >;
  readonly log: Logger;
}

/**
 * The payment provider, simulated, with a ledger that is real: what it has answered is on disk.
 *
 * - `POST /v1/charges {order_id, merchant_id, amount_cents, currency}` → 201, the charge. The merchant named `declined`
 *   is the test card that never works: 402 `card_declined`, stored under its key like a capture.
 * - `POST /v1/refunds {charge_id | order_id, amount_cents}` → 201, the refund; 404 `charge_not_found`,
 *   409 `refund_exceeds_capture`.
 * - Both need an `Idempotency-Key`, which never expires: the same request gets the same answer with `Idempotent-Replayed: true`,
 *   another one 422 `idempotency_key_reused`. A refused request (4xx but 402) stores nothing and may be corrected.
 * - `GET /v1/charges` and `GET /v1/refunds`, by `?key=` or `?order_id=`; declined charges are listed with their status.
 * - `GET /v1/ledger?cursor=&limit=` → `{entries, next}`: captures and refunds in order; a cursor is the `seq` to read after.
 * - `GET /v1/faults` → what goes wrong at the moment, and `requests {charge, refund, lookup}` since the start; `PUT /v1/faults`
 *   replaces it: `{delay_ms, error_pct, rate_limit_pct, decline_pct, hang_pct, commit_then_timeout_pct, wrong_reply_pct,
 *   wrong_reply: other_id | html | declined_200 | huge | any, outage, seed}`, where what is left out is off and `{}` clears all.
 *   404 without FAULTS_ENABLED=true. Charges, refunds and look-ups can be
 *   - delayed: nothing is decided before, nor afterwards when the client has left;
 *   - failed (500), limited (429), left without an answer (hang), refused at once (outage: 503): nothing is stored;
 *   - declined: stored like the test card's (charges only);
 *   - stored, and then never answered (commit_then_timeout; not look-ups) or answered wrongly; a refusal stays as it is.
 *
 *   A percentage is of the requests, and at most one befalls each: which one follows from the seed, the operation, the key and
 *   the number of tries of this key since the last PUT. A restart brings the faults of the settings back.
 */
export async function startPayment({ config, log }: PaymentDeps): Promise<Listening> {
  await using opened = new AsyncDisposableStack();
  const ledger = opened.use(openLedger(config.PAYMENT_LEDGER_FILE));
  const plan = createFaultPlan(faultsOf(config));
  const closing = new AbortController();
  const app = paymentApp({ config, ledger, plan, closing: closing.signal, log });
  const listening = opened.use(await listen(app, { host: config.BIND_ADDRESS, port: config.PAYMENT_PORT }));
  // Disposed before the listener, which waits until every request has its answer.
  opened.defer(() => closing.abort());
  log.info({ port: listening.port, ledger: config.PAYMENT_LEDGER_FILE }, 'payment service ready');
  if (config.FAULTS_ENABLED) faultsInForce(log, plan.faults());
  const resources = opened.move();
  return { port: listening.port, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function faultsOf(config: PaymentDeps['config']): Faults {
  return {
    ...faultsBody.parse({
      delay_ms: config.PAYMENT_DELAY_MS,
      error_pct: config.PAYMENT_ERROR_PCT,
      rate_limit_pct: config.RATE_LIMIT_PCT,
    }),
    seed: config.PAYMENT_FAULT_SEED,
  };
}

interface AppDeps extends PaymentDeps {
  readonly ledger: Ledger;
  readonly plan: FaultPlan;
  readonly closing: AbortSignal;
}

function paymentApp({ config, ledger, plan, closing, log }: AppDeps): Koa {
  const disturb = createDisturb({ plan, closing, log });
  const routers = [
    operationsRouter({ required: { ledger: async () => ledger.byId('') } }),
    problemPagesRouter(paymentProblems),
    ...(config.FAULTS_ENABLED ? [faultRouter(plan, log)] : []),
    paymentRouter({ ledger, commit: createGroupCommit(ledger), disturb, log }),
  ];
  return createApp({ log, translate: toProblem, failure: 'payment request failed', routers });
}
