import { randomUUID } from 'node:crypto';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import type { TransactionActivities } from '../../src/activities/index.ts';
import { describeRuns } from './time-skipping-server.ts';

describeRuns('a transaction’s run', (server) => {
  const run = async (changes: Partial<TransactionActivities>) => {
    const calls: string[] = [];
    const wellMeaning: TransactionActivities = {
      beginTransaction: async () => ({ outcome: 'begun' }),
      applyTransaction: async () => ({ status: 'PROCESSED' }),
      setTransactionAside: async () => ({ status: 'FAILED', reason: 'processing_failed' }),
    };
    const noted = Object.entries({ ...wellMeaning, ...changes }).map(([name, act]) => [
      name,
      (...given: never[]) => {
        calls.push(name);
        return (act as (...given: never[]) => unknown)(...given);
      },
    ]);
    // The names are those of the activities above.
    const activities = Object.fromEntries(noted) as TransactionActivities;
    const began = await server().now();
    const result = await server().serve(randomUUID(), activities, (started) => started.result());
    return { result, calls, tookMs: (await server().now()) - began };
  };

  const refused = () =>
    ApplicationFailure.create({
      type: 'TransactionNotApplied',
      message: 'no such column',
      nonRetryable: true,
    });

  test('begins and applies', async () => {
    const { result, calls } = await run({});
    expect(result).toEqual({ status: 'PROCESSED' });
    expect(calls).toEqual(['beginTransaction', 'applyTransaction']);
  });

  test('ends at once when an earlier one has decided it', async () => {
    const { result, calls } = await run({
      beginTransaction: async () => ({ outcome: 'settled', status: 'FAILED' }),
    });
    expect(result).toEqual({ status: 'FAILED', reason: 'already_settled' });
    expect(calls).toEqual(['beginTransaction']);
  });

  test('waits for Postgres however long it is down, and sets nothing aside for that', async () => {
    let tries = 0;
    const { result, calls } = await run({
      applyTransaction: async () => {
        tries += 1;
        // As often as what cannot be applied is tried.
        if (tries <= 5) throw ApplicationFailure.retryable('refused', 'StoreUnavailableError');
        return { status: 'PROCESSED' };
      },
    });
    expect(result).toEqual({ status: 'PROCESSED' });
    expect(calls.filter((name) => name === 'applyTransaction')).toHaveLength(6);
    expect(calls).not.toContain('setTransactionAside');
  });

  test('tries one that cannot be applied five times, then sets it aside with what was wrong', async () => {
    const dead: unknown[] = [];
    const { result, calls, tookMs } = await run({
      applyTransaction: async () => {
        throw refused();
      },
      setTransactionAside: async (letter) => {
        dead.push(letter);
        return { status: 'FAILED', reason: 'processing_failed' };
      },
    });
    expect(result).toEqual({ status: 'FAILED', reason: 'processing_failed' });
    expect(calls.filter((name) => name === 'applyTransaction')).toHaveLength(5);
    expect(dead).toEqual([{ id: expect.any(String), attempts: 5, error: 'no such column' }]);
    // Pauses of 1, 2, 4 and 8 s between.
    expect(tookMs).toBeGreaterThanOrEqual(15_000);
  });

  test('goes on when a later try succeeds', async () => {
    let tries = 0;
    const { result } = await run({
      applyTransaction: async () => {
        tries += 1;
        if (tries < 5) throw refused();
        return { status: 'PROCESSED' };
      },
    });
    expect(result).toEqual({ status: 'PROCESSED' });
  });

  test('fails when Postgres knows no such transaction', async () => {
    const failing = run({
      beginTransaction: async () => {
        throw ApplicationFailure.create({
          type: 'TransactionNotFound',
          message: 'Postgres has no such transaction',
          nonRetryable: true,
        });
      },
    });
    await expect(failing).rejects.toBeInstanceOf(WorkflowFailedError);
  });

  test('is not stopped by a cancel request: what was accepted is decided', async () => {
    const applying = Promise.withResolvers<void>();
    const canceled = Promise.withResolvers<void>();
    const activities: TransactionActivities = {
      beginTransaction: async () => ({ outcome: 'begun' }),
      applyTransaction: async () => {
        applying.resolve();
        await canceled.promise;
        return { status: 'PROCESSED' };
      },
      setTransactionAside: async () => ({ status: 'FAILED' }),
    };
    const result = await server().serve(randomUUID(), activities, async (started) => {
      await applying.promise;
      await started.cancel();
      canceled.resolve();
      return started.result();
    });
    expect(result).toEqual({ status: 'PROCESSED' });
  });
});
