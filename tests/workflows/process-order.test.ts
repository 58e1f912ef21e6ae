import { randomUUID } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { begunOrder, type OutsideWorld, outsideWorld, unavailable } from './outside-world.ts';
import { describeRuns } from './time-skipping-server.ts';

const hour = 3_600_000;

// The server is real but for its clock; Postgres and the payment service are stood for by outsideWorld.
describeRuns('an order’s run', (server) => {
  let orderId: string;

  beforeEach(() => {
    orderId = randomUUID();
  });

  const run = async (world: OutsideWorld) => {
    const result = await server().serve(orderId, world.activities, (started) => started.result());
    return { result, names: world.calls.map(({ name }) => name) };
  };

  test('begins, charges and completes the order', async () => {
    const world = outsideWorld(orderId);
    const { result, names } = await run(world);
    expect(result).toEqual({ status: 'completed' });
    expect(names).toEqual(['beginOrder', 'chargeOrder', 'completeOrder']);
    expect(world.calls.map(({ argument }) => argument)).toEqual([
      orderId,
      begunOrder(orderId),
      { ...begunOrder(orderId), paymentId: 'ch_1' },
    ]);
  });

  test('fails the order when the card is declined, without a second try', async () => {
    const world = outsideWorld(orderId, {
      chargeOrder: async () => ({ outcome: 'declined', reason: 'card_declined' }),
    });
    const seen = await server().serve(orderId, world.activities, async (started) => ({
      result: await started.result(),
      orderStatuses: await started.orderStatuses(),
    }));
    expect(seen).toEqual({
      result: { status: 'failed', reason: 'card_declined' },
      orderStatuses: ['failed'],
    });
    expect(world.calls.map(({ name }) => name)).toEqual(['beginOrder', 'chargeOrder', 'failOrder']);
    expect(world.calls.at(-1)?.argument).toEqual({ ...begunOrder(orderId), reason: 'card_declined' });
  });

  test('tries a charge without an outcome again after 1 s and after 2 s', async () => {
    const triedAt: number[] = [];
    const { result, names } = await run(
      outsideWorld(orderId, {
        chargeOrder: async () => {
          triedAt.push(await server().now());
          if (activityInfo().attempt < 3) throw unavailable();
          return { outcome: 'captured', chargeId: 'ch_3' };
        },
      }),
    );
    expect(result).toEqual({ status: 'completed' });
    expect(names).toEqual(['beginOrder', 'chargeOrder', 'chargeOrder', 'chargeOrder', 'completeOrder']);
    const [first = 0, second = 0, third = 0] = triedAt;
    expect(Math.round((second - first) / 1_000)).toBe(1);
    expect(Math.round((third - second) / 1_000)).toBe(2);
  });

  describe('with a payment service that gives no outcome for as long as it may', () => {
    const silent = async () => {
      throw unavailable();
    };
    const begunUntil = (paymentGiveUpAfterMs: number) => async () =>
      ({ outcome: 'begun', order: { ...begunOrder(orderId), paymentGiveUpAfterMs } }) as const;

    test('asks at its end what became of the charge, and completes the order when it was captured', async () => {
      const begunAt = await server().now();
      let askedAt = 0;
      const { result, names } = await run(
        outsideWorld(orderId, {
          // A day of it is 2,900 attempts.
          beginOrder: begunUntil(3 * hour),
          chargeOrder: silent,
          findCharge: async () => {
            askedAt = await server().now();
            return { outcome: 'captured', chargeId: 'ch_late' };
          },
        }),
      );
      expect(result).toEqual({ status: 'completed' });
      expect(new Set(names)).toEqual(new Set(['beginOrder', 'chargeOrder', 'findCharge', 'completeOrder']));
      expect(names.slice(-2)).toEqual(['findCharge', 'completeOrder']);
      expect(Math.round((askedAt - begunAt) / hour)).toBe(3);
    }, 60_000);

    test('fails the order when there was none', async () => {
      const world = outsideWorld(orderId, { beginOrder: begunUntil(hour), chargeOrder: silent });
      const { result, names } = await run(world);
      expect(result).toEqual({ status: 'failed', reason: 'payment_unavailable' });
      expect(names.slice(-2)).toEqual(['findCharge', 'failOrder']);
      expect(world.calls.at(-1)?.argument).toMatchObject({ orderId, reason: 'payment_unavailable' });
    }, 60_000);

    test('asks without end: an unknown outcome is never taken for none', async () => {
      const begunAt = await server().now();
      const { result } = await run(
        outsideWorld(orderId, {
          beginOrder: begunUntil(60_000),
          chargeOrder: silent,
          findCharge: async () => {
            if ((await server().now()) - begunAt < hour) throw unavailable();
            return { outcome: 'captured', chargeId: 'ch_late' };
          },
        }),
      );
      expect(result).toEqual({ status: 'completed' });
    }, 60_000);
  });

  test('leaves an order alone that is final already', async () => {
    const { result, names } = await run(
      outsideWorld(orderId, { beginOrder: async () => ({ outcome: 'final', status: 'canceled' }) }),
    );
    expect(result).toEqual({ status: 'canceled', reason: 'already_final' });
    expect(names).toEqual(['beginOrder']);
  });

  test('waits for a Postgres that is down, and does not charge again for it', async () => {
    const world = outsideWorld(orderId, {
      beginOrder: async () => {
        if (activityInfo().attempt < 3) throw new Error('Postgres cannot be reached');
        return { outcome: 'begun', order: begunOrder(orderId) };
      },
      completeOrder: async () => {
        if (activityInfo().attempt < 3) throw new Error('Postgres cannot be reached');
        return 'ended';
      },
    });
    const { result, names } = await run(world);
    expect(result).toEqual({ status: 'completed' });
    expect(names.filter((name) => name === 'chargeOrder')).toHaveLength(1);
    expect(names.filter((name) => name === 'completeOrder')).toHaveLength(3);
  });

  test('fails, and charges nothing, when Postgres does not know the order', async () => {
    const defect = ApplicationFailure.nonRetryable('Postgres has no such order', 'OrderNotFound');
    const world = outsideWorld(orderId, {
      beginOrder: async () => {
        throw defect;
      },
    });
    const failure = await run(world).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect(failure).toMatchObject({ cause: { type: 'OrderNotFound', nonRetryable: true } });
    expect(world.calls.map(({ name }) => name)).toEqual(['beginOrder']);
  });
});
