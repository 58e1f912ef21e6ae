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
