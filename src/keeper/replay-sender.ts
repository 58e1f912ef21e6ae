import { type Copies, openCopies } from '../consumers/copies.ts';
import { replayEnded, replaysNotSent } from '../facts-dead-letters.ts';
import { isRefusal, type KafkaClient } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';
import { repeat } from '../platform/repeat.ts';
import type { Pool } from '../store/pool.ts';
import {
  claimReplays,
  endReplays,
  type ReplayOutcome,
  readReplay,
  releaseReplays,
} from '../store/replay-queue.ts';
import { replayRecord } from './replay-record.ts';

export interface SenderDeps {
  readonly pool: Pool;
  readonly kafka: KafkaClient;
  readonly retryTopic: string;
  /** Of all keepers together. */
  readonly replaysPerSecond: number;
  readonly log: Logger;
}

const everyMs = 1_000;

/**
 * Sends the replays that wait until disposed, one record after another. What was sent but not written down when a
 * process died is sent again by whoever comes next: handling it twice does nothing.
 */
export function startReplaySender(deps: SenderDeps): AsyncDisposable {
  const { pool, log, replaysPerSecond } = deps;
  const copies = lazyCopies(deps.kafka);
  let isFailing = false;
  const sending = repeat(everyMs, async (stop) => {
    try {
      const ids = await claimReplays(pool, replaysPerSecond);
      if (ids.length > 0) await sendAll(deps, copies, { ids, stop });
      isFailing = false;
    } catch (error) {
      await copies.close();
      if (!isFailing) replaysNotSent(log, { error, retryMs: everyMs });
      isFailing = true;
    }
  });
  return {
    async [Symbol.asyncDispose]() {
      await sending[Symbol.asyncDispose]();
      await copies.close();
    },
  };
}

async function sendAll(
  deps: SenderDeps,
  copies: LazyCopies,
  { ids, stop }: { ids: readonly string[]; stop: AbortSignal },
): Promise<void> {
  const ended: Ended[] = [];
  try {
    for (const id of ids) {
      if (stop.aborted) break;
      ended.push({ id, ...(await sendOne(deps, copies, id)) });
    }
  } finally {
    await endReplays(deps.pool, ended);
    for (const replay of ended) replayEnded(deps.log, replay);
    await releaseReplays(deps.pool, ids.slice(ended.length));
  }
}

interface Ended {
  readonly id: string;
  readonly outcome: ReplayOutcome;
  /** Of the record; null where it had none. */
  readonly eventId?: string | null;
}

async function sendOne(
  { pool, retryTopic }: SenderDeps,
  copies: LazyCopies,
  id: string,
): Promise<Omit<Ended, 'id'>> {
  const replay = await readReplay(pool, id);
  if (replay === undefined || replay.consumer_group === null) return { outcome: 'letter_gone' };
  const { original, more } = replayRecord(replay, replay.consumer_group, new Date());
  const { send } = await copies.open();
  try {
    await send(retryTopic, original, more);
    return { outcome: 'sent', eventId: replay.event_id };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // What the broker does not take must not hold up all that come after it.
    return { outcome: 'refused', eventId: replay.event_id };
  }
}

interface LazyCopies {
  open(): Promise<Copies>;
  close(): Promise<void>;
}

/** Most keepers never send one; and what failed is made anew. */
function lazyCopies(kafka: KafkaClient): LazyCopies {
  let opened: Copies | undefined;
  return {
    async open() {
      opened ??= await openCopies(kafka);
      return opened;
    },
    async close() {
      const copies = opened;
      opened = undefined;
      // What it was connected to may be gone.
      await Promise.resolve(copies?.[Symbol.asyncDispose]()).catch(() => {});
    },
  };
}
