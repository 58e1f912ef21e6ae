import type { Logger } from '../platform/logger.ts';
import { answerScrapes, type ScrapeDeps } from './answer-scrapes.ts';
import type { Sides } from './collect-facts.ts';
import { type IndexerDeps, startLetterIndexer } from './letter-indexer.ts';
import { startLetterSweeper } from './letter-sweeper.ts';
import { startReconciler } from './reconciler.ts';
import { type SenderDeps, startReplaySender } from './replay-sender.ts';
import { startSweeper } from './sweeper.ts';
import { startWatchdog } from './watchdog.ts';

export interface KeeperDeps extends Omit<Sides, 'settledMs'> {
  readonly log: Logger;
  readonly watchdogEveryMs: number;
  /** Something that lasts so long is stuck; a comparison of all sides leaves out what changed within it. */
  readonly stuckMs: number;
  readonly reconcileEveryMs: number;
  /** Whose lag is measured. */
  readonly groups: ScrapeDeps['groups'];
  readonly deadLetters: Pick<IndexerDeps, 'group' | 'topics'> &
    Pick<SenderDeps, 'retryTopic' | 'replaysPerSecond'>;
}

// Keys live for days: nobody sees whether one went a minute later.
const sweepEveryMs = 60_000;
const listsEveryMs = 60_000;
const unheardMs = 10_000;
const askEveryMs = 5_000;

/** Looks after what nobody asks for at the moment, until disposed; none of it needs Temporal, Kafka or payment to start. */
export function startKeeper({
  watchdogEveryMs,
  stuckMs,
  reconcileEveryMs,
  groups,
  deadLetters,
  ...deps
}: KeeperDeps): AsyncDisposable {
  const parts = [
    startSweeper({ ...deps, everyMs: sweepEveryMs }),
    startWatchdog({ ...deps, everyMs: watchdogEveryMs, listsEveryMs, stuckMs, unheardMs }),
    startReconciler({ ...deps, everyMs: askEveryMs, dueEveryMs: reconcileEveryMs, settledMs: stuckMs }),
    startLetterIndexer({ ...deps, ...deadLetters }),
    startReplaySender({ ...deps, ...deadLetters }),
    startLetterSweeper(deps),
    answerScrapes({ ...deps, groups }),
  ];
  return {
    async [Symbol.asyncDispose]() {
      // All at once: each ends with what is under way.
      await Promise.all(parts.map((part) => part[Symbol.asyncDispose]()));
    },
  };
}
