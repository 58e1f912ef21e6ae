import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, PendingRequest>;
  readonly enforceRequestTimeout: boolean;
  isConnected(): boolean;
  destroy(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

interface PendingRequest {
  readonly sentAt: number;
  readonly requestTimeout: number;
  timeoutRequest(): void;
}

interface Decoder {
  readVarIntArray(read: unknown): unknown;
}

interface Header {
  readonly key: string;
  readonly value: Buffer | null;
}

const timeoutCheckMs = 1_000;
let mended = false;

/** Puts right what is wrong in kafkajs 2.2.4 and will not be in kafkajs: to be called before the first of its clients. */
export function mendKafkajs(): void {
  if (mended) return;
  mended = true;
  const require = createRequire(import.meta.url);
  const queue: RequestQueue = require('kafkajs/src/network/requestQueue').prototype;
  mendIdleTimer(queue);
  mendTimeoutCheck(queue);
  mendHeaders(require('kafkajs/src/protocol/decoder').prototype);
}

/**
 * It re-arms a timer with a negative delay, which Node makes 1 ms and warns of: a thousand wake-ups a second per broker
 * connection (tulios/kafkajs#1751). Nothing needs checking while nothing is pending.
 */
function mendIdleTimer(prototype: RequestQueue): void {
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function scheduleWhenPending(this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}

/**
 * It looks for requests that are too late ten times a second, with a timer for each broker connection.
 * Once a second is enough for a limit of 10 s, and one timer for all.
 */
function mendTimeoutCheck(prototype: RequestQueue): void {
  const queues = new Set<RequestQueue>();
  let timer: NodeJS.Timeout | undefined;
  const check = (): void => {
    const now = Date.now();
    for (const queue of queues) {
      for (const request of queue.inflight.values())
        if (now - request.sentAt > request.requestTimeout) request.timeoutRequest();
      if (!queue.isConnected()) queue.destroy();
    }
  };
  const destroy = prototype.destroy;
  prototype.destroy = function leaveTimer(this: RequestQueue) {
    destroy.call(this);
    queues.delete(this);
    if (queues.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  prototype.scheduleRequestTimeoutCheck = function joinTimer(this: RequestQueue) {
    if (!this.enforceRequestTimeout) return;
    queues.add(this);
    timer ??= setInterval(check, timeoutCheckMs);
  };
}

/**
 * It copies all headers of a record for each one: 1,000 of them, 5 kB, are 0.2 s of CPU, and 50,000 would be minutes. It reduces
 * what it has read, of headers alone, to an object; here that object is ready.
 */
function mendHeaders(prototype: Decoder): void {
  const readAll = prototype.readVarIntArray;
  prototype.readVarIntArray = function readOnce(this: Decoder, read: unknown) {
    const headers = gather(readAll.call(this, read) as readonly Header[]); // its only caller reads these
    return { reduce: () => headers };
  };
}

/** A name that comes several times has a list, as kafkajs has it. */
function gather(read: readonly Header[]): Record<string, unknown> {
  // No names that every object has.
  const headers: Record<string, unknown> = Object.create(null);
  for (const [name, all] of Map.groupBy(read, ({ key }) => key)) {
    const [first, ...more] = all.map(({ value }) => value);
    headers[name] = more.length > 0 ? [first, ...more] : first;
  }
  return headers;
}
