import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';

/** Who looks at runs, and where. */
export interface Reader {
  readonly platform: Platform;
  readonly principal: Principal;
}

/** Who waits for a run, and is told of it meanwhile where that was asked for. */
export interface Caller extends Reader {
  /** Aborted when the caller goes away or cancels. */
  readonly signal: AbortSignal;
  /** True where the caller asked for progress. */
  readonly wantsProgress: boolean;
  /** Tells how far the call is; does nothing where the caller did not ask. */
  readonly progress: (done: number, total: number | null, message: string) => Promise<void>;
  /** Tells a caller that asked for it what happens: ids and states, never text of a program or of data. */
  readonly log: (
    level: 'info' | 'notice' | 'warning',
    data: Readonly<Record<string, string>>,
  ) => Promise<void>;
  /** Says which run the call waits for, until when (Unix ms): a caller whose connection breaks can then wait on. */
  readonly waitsFor: (run: string, until: number) => Promise<void>;
}

/** Resolves, with null, once `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
