import type { ServerEvent } from '@modelcontextprotocol/server';
import { selectCredentialEnd, selectVisible } from '../../database/changed.ts';
import { EntryRefused } from '../../database/database.ts';
import { withTenantAs } from '../../database/with-tenant.ts';
import type { Platform } from '../../platform.ts';
import type { Change } from '../../tenants/changes/change.ts';
import { type ChangeLine, openChanges } from '../../tenants/changes/open-changes.ts';
import { PendingChanges } from '../../tenants/changes/pending-changes.ts';
import type { Identity, Principal } from '../../tenants/principal.ts';
import { eventsFor, namesIn } from './events.ts';
import { boundFilter, type ListenFilter } from './listen-filter.ts';

/** An idle stream outlives by at most this a credential that somebody ended by SQL of their own. */
export const LOOK_AGAIN_MS = 30_000;
/** A stream is told at most once in this time; what happens meanwhile is told together. */
const GATHER_MS = 1_000;
/** What did not answer is asked again after this. */
const RETRY_MS = 3_000;
const NOTHING = { projects: [], runs: [] };

export interface Watching {
  /** What the subscriber wants to hear of, at this moment. */
  readonly filter: () => ListenFilter;
  readonly deliver: (event: ServerEvent) => void;
  /** Resolves when the subscriber has taken what it was given; meanwhile changes are gathered. */
  readonly ready?: () => Promise<void>;
  /** Aborted when the subscriber is gone. */
  readonly signal: AbortSignal;
}

/** Why a subscriber is told nothing more. */
export type WatchEnd = 'gone' | 'expired' | 'refused';

/**
 * Tells a subscriber what changes in its tenant, from the moment at which the promise resolves, as long as its credential
 * may hear it; `ended` says why it stopped. Each batch is asked of the database in an entry of the principal's own, so
 * that nothing is told after a revocation and nothing that the principal may not see.
 *
 * @throws Refusal limit_exceeded
 */
export async function watchChanges(
  platform: Platform,
  principal: Principal,
  watching: Watching,
): Promise<{ readonly ended: Promise<WatchEnd> }> {
  boundFilter(watching.filter());
  const watch = new Watch(platform, principal, watching);
  await watch.connect();
  return { ended: watch.run() };
}

class Watch {
  private readonly platform: Platform;
  private readonly principal: Principal;
  private readonly watching: Watching;
  private readonly pending = new PendingChanges();
  private readonly gone: Promise<void>;
  /** Null while it is cut. */
  private line: ChangeLine | null = null;
  /** Who was behind the principal at the last look. */
  private identity: Identity | null = null;
  /** When the credential ends by itself, as known at the last look; the next one comes no later. */
  private endsAt = Number.POSITIVE_INFINITY;
  private mustLook = true;
  /** Its rights were changed, so its lists may be others; it was not told so yet. */
  private isOther = false;
  /** Whether the subscriber took all that it was given. */
  private isTaken = false;
  private wake: () => void = () => {};

  constructor(platform: Platform, principal: Principal, watching: Watching) {
    this.platform = platform;
    this.principal = principal;
    this.watching = watching;
    this.gone = new Promise((resolve) => {
      if (watching.signal.aborted) resolve();
      watching.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async connect(): Promise<void> {
    const line = await openChanges(this.platform.env, this.principal, (change) => this.hear(change));
    this.line = line;
    void line.cut.then(() => {
      this.line = null;
      this.wake();
    });
  }

  async run(): Promise<WatchEnd> {
    const { signal } = this.watching;
    const { credential } = this.principal;
    const expiresAt = credential.kind === 'oauth' ? credential.expiresAtMs : Number.POSITIVE_INFINITY;
    try {
      for (;;) {
        await this.something(Math.min(Date.now() + LOOK_AGAIN_MS, expiresAt, this.endsAt));
        if (signal.aborted) return 'gone';
        if (Date.now() >= expiresAt) return 'expired';
        if (this.line === null) await this.reconnect();
        const looked = await this.look();
        if (looked === 'refused') return looked;
        await this.pause(looked === 'told' ? GATHER_MS : RETRY_MS);
      }
    } finally {
      this.line?.close();
    }
  }

  /** Waits for something to tell with somebody to take it, for a reason to look, or for the time `untilMs`. */
  private async something(untilMs: number): Promise<void> {
    while (!this.isDue() && !this.watching.signal.aborted && Date.now() < untilMs) {
      const called = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      await this.race(this.isTaken ? [called] : [called, this.taken()], untilMs - Date.now());
    }
  }

  private isDue(): boolean {
    return this.mustLook || this.line === null || (this.isTaken && (this.isOther || !this.pending.isEmpty));
  }

  /** Enters as the principal, and tells what it may see where the subscriber takes it. */
  private async look(): Promise<'told' | 'refused' | 'unavailable'> {
    this.mustLook = false;
    const batch = this.isTaken ? this.pending.take() : null;
    const names = batch === null ? NOTHING : namesIn(batch);
    try {
      const { identity, results } = await withTenantAs(this.platform.database, this.principal, [
        selectVisible(names.projects, names.runs),
        selectCredentialEnd(),
      ] as const);
      this.endsAt = results[1] ?? Number.POSITIVE_INFINITY;
      this.isOther ||= this.identity !== null && rights(this.identity) !== rights(identity);
      this.identity = identity;
      if (batch === null) return 'told';
      const { isOther } = this;
      const events = eventsFor(this.watching.filter(), { batch, visible: results[0], isOther });
      this.isOther = false;
      for (const event of events) this.watching.deliver(event);
      if (events.length > 0) this.isTaken = false;
      return 'told';
    } catch (error) {
      if (error instanceof EntryRefused) return 'refused';
      if (batch !== null) this.pending.missed();
      return 'unavailable';
    }
  }

  /** What happened while the line was cut is not known. */
  private async reconnect(): Promise<void> {
    try {
      await this.connect();
      this.pending.missed();
    } catch {
      await this.pause(RETRY_MS);
    }
  }

  private hear(change: Change): void {
    if (change.kind !== 'access') this.pending.add(change);
    else if (change.user === null || change.user === this.principal.userId) this.mustLook = true;
    if (change.kind === 'access' && change.user === this.principal.userId) this.isOther = true;
    this.wake();
  }

  private async taken(): Promise<void> {
    await this.watching.ready?.();
    this.isTaken = true;
  }

  private pause(ms: number): Promise<void> {
    return this.race([], ms);
  }

  /** Resolves with the first of these, when the subscriber is gone, or after `ms`. */
  private async race(promises: readonly Promise<void>[], ms: number): Promise<void> {
    const timing = new AbortController();
    const time = scheduler.wait(Math.max(0, ms), { signal: timing.signal }).catch(() => {});
    await Promise.race([...promises, this.gone, time]);
    timing.abort();
  }
}

function rights({ role, scopes, projects }: Identity): string {
  return JSON.stringify([role, [...scopes].sort(), projects]);
}
