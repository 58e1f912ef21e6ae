import { randomUUID } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import { begunOrder, outsideWorld, unavailable } from './outside-world.ts';
import { describeRuns, type StartedRun } from './time-skipping-server.ts';

const canceled = { status: 'canceled', reason: 'cancel_requested' };

describeRuns('a run whose order is to be stopped', (server) => {
  let orderId: string;

  beforeEach(() => {
    orderId = randomUUID();
  });

  /** A charge that is under way until it is let go on. */
  function chargeUnderWay() {
    const begun = Promise.withResolvers<void>();
    const letGoOn = Promise.withResolvers<void>();
    return {
      begun: begun.promise,
      letGoOn: letGoOn.resolve,
      chargeOrder: async () => {
        begun.resolve();
        await letGoOn.promise;
        return { outcome: 'captured', chargeId: 'ch_1' } as const;
      },
    };
  }

  const names = (world: ReturnType<typeof outsideWorld>) => world.calls.map(({ name }) => name);

  test('woken during the charge it lets the charge end, gives the money back and cancels', async () => {
    const charge = chargeUnderWay();
    const world = outsideWorld(orderId, {
      chargeOrder: charge.chargeOrder,
      readStopped: async () => true,
      completeOrder: async () => 'stopped',
    });
    const seen = await server().serve(orderId, world.activities, async (run) => {
      await charge.begun;
      const waking = run.wake();
      await run.untilActivityCanceled();
      charge.letGoOn();
      return { wake: await waking, result: await run.result(), orderStatuses: await run.orderStatuses() };
    });
    expect(seen).toEqual({ wake: true, result: canceled, orderStatuses: ['refunding', 'canceled'] });
    expect(names(world).filter((name) => name !== 'readStopped')).toEqual([
      'beginOrder',
      'chargeOrder',
      'completeOrder',
      'refundOrder',
      'endStopped',
    ]);
    expect(world.calls.at(-1)?.argument).toMatchObject({ orderId, refundId: 're_1' });
  });

  test('woken although nobody asked to stop the order, it goes on and says so', async () => {
    const charge = chargeUnderWay();
    const world = outsideWorld(orderId, { chargeOrder: charge.chargeOrder });
    const seen = await server().serve(orderId, world.activities, async (run) => {
      await charge.begun;
      const wake = await run.wake();
      charge.letGoOn();
      return { wake, result: await run.result() };
    });
    expect(seen).toEqual({ wake: false, result: { status: 'completed' } });
  });

  test('nobody wakes it: completing the order finds the mark, and the money goes back', async () => {
    const world = outsideWorld(orderId, { completeOrder: async () => 'stopped' });
    const result = await server().serve(orderId, world.activities, (run) => run.result());
    expect(result).toEqual(canceled);
    expect(names(world)).toEqual(['beginOrder', 'chargeOrder', 'completeOrder', 'refundOrder', 'endStopped']);
  });

  test('a decline changes nothing about the promise: the order is canceled, without a refund', async () => {
    const world = outsideWorld(orderId, {
      chargeOrder: async () => ({ outcome: 'declined', reason: 'card_declined' }),
      failOrder: async () => 'stopped',
    });
    const result = await server().serve(orderId, world.activities, (run) => run.result());
    expect(result).toEqual(canceled);
    expect(names(world)).toEqual(['beginOrder', 'chargeOrder', 'failOrder', 'endStopped']);
  });

  test('marked before the charge it is not charged at all', async () => {
    const world = outsideWorld(orderId, {
      beginOrder: async () => ({ outcome: 'begun', order: { ...begunOrder(orderId), isStopped: true } }),
    });
    const result = await server().serve(orderId, world.activities, (run) => run.result());
    expect(result).toEqual(canceled);
    expect(names(world)).toEqual(['beginOrder', 'endStopped']);
  });

  test('a second run of a marked order asks what the first one charged, and gives it back', async () => {
    const world = outsideWorld(orderId, {
      beginOrder: async () => ({
        outcome: 'begun',
        order: { ...begunOrder(orderId), isStopped: true, isRepeated: true },
      }),
      findCharge: async () => ({ outcome: 'captured', chargeId: 'ch_0' }),
      completeOrder: async () => 'stopped',
    });
    const result = await server().serve(orderId, world.activities, (run) => run.result());
    expect(result).toEqual(canceled);
    expect(names(world)).toEqual(['beginOrder', 'findCharge', 'completeOrder', 'refundOrder', 'endStopped']);
  });

  describe('while the payment service gives no outcome', () => {
    const silent = async () => {
      throw unavailable();
    };
    const wokenAfterFirstTry = (world: ReturnType<typeof outsideWorld>) => async (run: StartedRun) => {
      while (!names(world).includes('chargeOrder')) await server().sleep('100ms');
      await run.startWaking();
      return run.result();
    };

    test('it tries no further charge, asks what became of the last one, and cancels', async () => {
      const world = outsideWorld(orderId, { chargeOrder: silent, readStopped: async () => true });
      expect(await server().serve(orderId, world.activities, wokenAfterFirstTry(world))).toEqual(canceled);
      expect(names(world).slice(-2)).toEqual(['findCharge', 'endStopped']);
    });

    test('a charge that turns out to have been made is given back', async () => {
      const world = outsideWorld(orderId, {
        chargeOrder: silent,
        readStopped: async () => true,
        findCharge: async () => {
          if (activityInfo().attempt < 4) throw unavailable();
          return { outcome: 'captured', chargeId: 'ch_late' };
        },
        completeOrder: async () => 'stopped',
      });
      expect(await server().serve(orderId, world.activities, wokenAfterFirstTry(world))).toEqual(canceled);
      expect(names(world).slice(-3)).toEqual(['completeOrder', 'refundOrder', 'endStopped']);
    });
  });

  test('a refund is tried on and on, and shown as stuck after a minute', async () => {
    const begunAt = await server().now();
    const world = outsideWorld(orderId, {
      completeOrder: async () => 'stopped',
      refundOrder: async () => {
        if ((await server().now()) - begunAt < 900_000) throw unavailable();
        return 're_late';
      },
    });
    const seen = await server().serve(orderId, world.activities, async (run) => ({
      result: await run.result(),
      orderStatuses: await run.orderStatuses(),
    }));
    expect(seen).toEqual({ result: canceled, orderStatuses: ['refunding', 'stuck', 'canceled'] });
    expect(world.calls.at(-1)?.argument).toMatchObject({ refundId: 're_late' });
  }, 60_000);

  describe('asked to cancel itself, as the Web UI and the command lines do', () => {
    test('it marks the order first, then stops, and ends as canceled', async () => {
      const charge = chargeUnderWay();
      const world = outsideWorld(orderId, {
        chargeOrder: charge.chargeOrder,
        completeOrder: async () => 'stopped',
      });
      const failure = await server().serve(orderId, world.activities, async (run) => {
        await charge.begun;
        await run.cancel();
        await run.untilActivityCanceled();
        charge.letGoOn();
        return run.result().catch((error: unknown) => error);
      });
      expect(failure).toBeInstanceOf(WorkflowFailedError);
      expect(failure).toMatchObject({ cause: expect.any(CancelledFailure) });
      expect(names(world)).toEqual([
        'beginOrder',
        'chargeOrder',
        'requestCancel',
        'completeOrder',
        'refundOrder',
        'endStopped',
      ]);
    });

    test('it completes an order for which that comes too late', async () => {
      const charge = chargeUnderWay();
      const world = outsideWorld(orderId, {
        chargeOrder: charge.chargeOrder,
        requestCancel: async () => {
          charge.letGoOn();
          return false;
        },
      });
      const result = await server().serve(orderId, world.activities, async (run) => {
        await charge.begun;
        await run.cancel();
        return run.result();
      });
      expect(result).toEqual({ status: 'completed' });
    });
  });

  test('an operator’s wish ends it as failed, the money given back', async () => {
    const world = outsideWorld(orderId, {
      completeOrder: async () => 'stopped',
      endStopped: async () => ({ status: 'failed', reason: 'operator' }),
    });
    const seen = await server().serve(orderId, world.activities, async (run) => ({
      result: await run.result(),
      orderStatuses: await run.orderStatuses(),
    }));
    expect(seen).toEqual({
      result: { status: 'failed', reason: 'operator' },
      orderStatuses: ['refunding', 'failed'],
    });
    expect(names(world)).toContain('refundOrder');
  });
});
