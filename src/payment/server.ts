import type Koa from 'koa';
import type { Config } from '../platform/config.ts';
import { createApp } from '../platform/http/app.ts';
import { type Listening, listen } from '../platform/http/listen.ts';
import { operationsRouter } from '../platform/http/operations.ts';
import { problemPagesRouter } from '../platform/http/problem-pages.ts';
import type { Logger } from '../platform/logger.ts';
import { createGroupCommit } from './group-commit.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { paymentProblems } from './problem-types.ts';
import { toProblem } from './problems.ts';
import { paymentRouter } from './routes.ts';

export interface PaymentDeps {
  readonly config: Pick<Config, 'BIND_ADDRESS' | 'PAYMENT_PORT' | 'PAYMENT_LEDGER_FILE'>;
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
 */
export async function startPayment({ config, log }: PaymentDeps): Promise<Listening> {
  await using opened = new AsyncDisposableStack();
  const ledger = opened.use(openLedger(config.PAYMENT_LEDGER_FILE));
  const listening = opened.use(
    await listen(paymentApp(ledger, log), { host: config.BIND_ADDRESS, port: config.PAYMENT_PORT }),
  );
  log.info({ port: listening.port, ledger: config.PAYMENT_LEDGER_FILE }, 'payment service ready');
  const resources = opened.move();
  return { port: listening.port, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function paymentApp(ledger: Ledger, log: Logger): Koa {
  const routers = [
    operationsRouter({ required: { ledger: async () => ledger.byId('') } }),
    problemPagesRouter(paymentProblems),
    paymentRouter({ ledger, commit: createGroupCommit(ledger), log }),
  ];
  return createApp({ log, translate: toProblem, failure: 'payment request failed', routers });
}
