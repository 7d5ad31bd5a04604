import type { Env } from '../../env.ts';
import { platformOf } from '../../platform.ts';
import type { Principal } from '../../tenants/principal.ts';
import { asNotification } from '../listen/events.ts';
import { watchChanges } from '../listen/watch-changes.ts';

/** A watch that another one follows gathers what it has heard already for this long before it ends. */
const DRAIN_MS = 5_000;

/** What a session's stream listens to. */
export interface Listening {
  readonly subscriptions: () => readonly string[];
  readonly tell: (notification: object) => void;
  /** The credential may hear nothing more. */
  readonly ended: () => void;
}

/** Hears of changes for a session, as whoever opened its stream last. */
export class SessionWatch {
  private readonly env: Env;
  private readonly listening: Listening;
  private current: { readonly whose: string; readonly stop: AbortController } | undefined;

  constructor(env: Env, listening: Listening) {
    this.env = env;
    this.listening = listening;
  }

  /**
   * Hears as `principal` from the moment at which the promise resolves; a watch of the same goes on, so that nothing falls
   * between two streams. False where nobody heard until now, so that what happened before is not known.
   *
   * @throws Refusal limit_exceeded
   */
  async start(principal: Principal): Promise<boolean> {
    const whose = JSON.stringify([principal.credential, principal.address]);
    if (this.current?.whose === whose) return true;
    const stop = new AbortController();
    const { subscriptions, tell } = this.listening;
    const { ended } = await watchChanges(await platformOf(this.env), principal, {
      filter: () => ({
        toolsListChanged: true,
        resourcesListChanged: true,
        resourceSubscriptions: [...subscriptions()],
      }),
      deliver: (event) => {
        if (!stop.signal.aborted) tell({ jsonrpc: '2.0', ...asNotification(event) });
      },
      signal: stop.signal,
    });
    const older = this.current;
    setTimeout(() => older?.stop.abort(), DRAIN_MS);
    const own = { whose, stop };
    this.current = own;
    void ended.then(() => {
      if (this.current !== own) return;
      this.current = undefined;
      this.listening.ended();
    });
    return older !== undefined;
  }

  stop(): void {
    this.current?.stop.abort();
    this.current = undefined;
  }
}
