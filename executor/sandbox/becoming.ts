import { setTimeout as delay } from 'node:timers/promises';

/** How far a sandbox is on its way to waiting for its order. */
export interface Becoming {
  imported(): void;
  /** True the first time that it is said. */
  ready(): boolean;
  /** It ended, or never began, and waits for nothing; after {@link ready} that is no matter of its becoming. */
  never(reason: string): void;
  readonly isReady: boolean;
  /** Each resolves null when the sandbox has come so far, or with the sentence why it did not within the time, or never will. */
  untilImported(timeoutMs: number): Promise<string | null>;
  untilReady(timeoutMs: number): Promise<string | null>;
}

export function becoming(): Becoming {
  const imported = Promise.withResolvers<string | null>();
  const ready = Promise.withResolvers<string | null>();
  let isReady = false;
  return {
    imported: () => imported.resolve(null),
    ready() {
      if (isReady) return false;
      isReady = true;
      ready.resolve(null);
      return true;
    },
    never(reason) {
      imported.resolve(reason);
      ready.resolve(reason);
    },
    get isReady() {
      return isReady;
    },
    untilImported: (timeoutMs) => within(timeoutMs, imported.promise),
    untilReady: (timeoutMs) => within(timeoutMs, ready.promise),
  };
}

function within(timeoutMs: number, stage: Promise<string | null>): Promise<string | null> {
  const late = `the sandbox was not ready after ${timeoutMs / 1000} s`;
  return Promise.race([stage, delay(timeoutMs, late, { ref: false })]);
}
