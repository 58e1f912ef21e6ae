export interface Bell {
  ring(): void;
  /** Resolves at the next ring, at once when it rang since the last call, or after `timeoutMs`. */
  heard(timeoutMs: number): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let wake = (): void => {};
  return {
    ring() {
      rung = true;
      wake();
    },
    async heard(timeoutMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(resolve, timeoutMs);
      if (!rung) await promise;
      clearTimeout(timer);
      rung = false;
    },
  };
}

/** For a connection: what it hears rings `bell`, and so does its loss, of which `lost` knows the reason. */
export function ringAt(bell: Bell) {
  const lost = new AbortController();
  const onLost = (error: Error): void => {
    lost.abort(error);
    bell.ring();
  };
  return { lost: lost.signal, on: { onWake: bell.ring, onLost } };
}
