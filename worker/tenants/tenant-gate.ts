import { DurableObject } from 'cloudflare:workers';
import { limit } from '../../protocol/limits.ts';
import { recordTokenUses } from '../database/token-uses.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Env } from '../env.ts';
import { answerClose } from '../http/answer-close.ts';
import type { RateLeft } from '../http/rate-limit-fields.ts';
import { platformOf } from '../platform.ts';
import type { TokenUse } from '../tokens/token-use.ts';
import { UseLog } from '../tokens/use-log.ts';
import type { Change } from './changes/change.ts';
import { ChangeSockets } from './changes/change-sockets.ts';
import { EndedSessions } from './ended-sessions.ts';
import { KeepAwake } from './keep-awake.ts';
import { systemPrincipal } from './system-principal.ts';
import { type Bucket, charge, leftIn, retryAfterSeconds, type Taken, take } from './token-bucket.ts';
import { UsedOnce } from './used-once.ts';

const REMEMBERED_MS = 5 * 60_000;
const CREDENTIALS_MAX = 10_000;

/** The verdict on a call whose credential was proven. */
export type KnownAdmission =
  | {
      readonly verdict: 'admitted';
      readonly userId: string;
      /** Whether the MCP session that the call names was deleted; asked here so that a call costs one question. */
      readonly sessionHasEnded: boolean;
      /** Of the credential's calls. */
      readonly left: RateLeft;
    }
  | { readonly verdict: 'rate_limited'; readonly limit: CallRate; readonly waitMs: number };

/** The rates of calls: that of the credential, and that of its tenant. */
export type CallRate = 'calls_per_minute' | 'tenant_calls_per_minute';

export type Admission = KnownAdmission | { readonly verdict: 'unknown' };

interface Remembered {
  readonly secretSha256: string;
  readonly userId: string;
  readonly until: number;
}

/**
 * One for each tenant. On disk it keeps which MCP sessions were deleted and which names were used once; in memory only,
 * which API tokens were verified in the last minutes, and the rates. Forgetting these (an eviction, a deploy) costs one
 * argon2id verification. It never says that a credential is alive: only the database does. It also collects the
 * tenant's request log, of which a crash loses the last second, and passes changes on to subscribers.
 */
export class TenantGate extends DurableObject<Env> {
  private readonly remembered = new Map<string, Remembered>();
  private readonly calls = new Map<string, Bucket>();
  private tenantCalls: Bucket | undefined;
  private runStarts: Bucket | undefined;
  private readonly awake = new KeepAwake(this.ctx);
  private readonly endedSessions = new EndedSessions(this.ctx.storage.sql);
  private readonly changes = new ChangeSockets(this.ctx);
  private readonly usedOnce = new UsedOnce(this.ctx.storage.sql);
  private tenantId = '';
  private readonly uses = new UseLog({
    write: (uses, dropped) => this.writeUses(uses, dropped),
    wait: (ms) => scheduler.wait(ms),
    waitUntil: (work) => this.ctx.waitUntil(work),
  });

  /**
   * Admits a call by a token whose secret was verified before. Only a remembered secret is counted against the rate, so
   * that wrong secrets for a known token id take nothing from its owner. `session` is the MCP session that it names.
   */
  admit(token: string, secretSha256: string, session: string | null): Admission {
    const known = this.remembered.get(token);
    if (known === undefined || known.secretSha256 !== secretSha256 || known.until <= Date.now())
      return { verdict: 'unknown' };
    return this.count(token, known.userId, session);
  }

  /** Remembers a secret that argon2id has just verified, and admits its call. */
  remember(token: string, secretSha256: string, userId: string, session: string | null): Admission {
    if (this.remembered.size >= CREDENTIALS_MAX) this.forgetOldest();
    this.remembered.set(token, { secretSha256, userId, until: Date.now() + REMEMBERED_MS });
    return this.count(token, userId, session);
  }

  /** Admits a call of `user` by an access token, whose signature is its proof. */
  admitGrant(grant: string, user: string, session: string | null): KnownAdmission {
    if (this.calls.size >= CREDENTIALS_MAX && !this.calls.has(grant)) this.calls.clear();
    return this.count(grant, user, session);
  }

  /** Counts a call that names no MCP session. */
  countCall(credential: string): KnownAdmission {
    return this.admitGrant(credential, '', null);
  }

  /** Takes one of the tenant's run starts; the seconds to wait where there is none, else null. */
  startRun(): number | null {
    this.awake.touch();
    const taken = take(this.runStarts, limit('run_starts_per_minute'), Date.now());
    this.runStarts = taken.bucket;
    return taken.ok ? null : retryAfterSeconds(taken.waitMs);
  }

  /** Gives back a run start that {@link startRun} gave and nobody used. */
  returnRunStart(): void {
    const { tokens, at } = this.runStarts ?? { tokens: limit('run_starts_per_minute'), at: Date.now() };
    this.runStarts = { tokens: Math.min(limit('run_starts_per_minute'), tokens + 1), at };
  }

  /** Remembers that an MCP session was deleted, until `until` (Unix ms). */
  endSession(session: string, until: number): void {
    this.endedSessions.add(session, until, Date.now());
  }

  /** Takes from a credential what its call turned out to cost beyond the one that {@link count} took. */
  chargeMore(credential: string, cost: number): void {
    const bucket = this.calls.get(credential);
    if (bucket !== undefined) this.calls.set(credential, charge(bucket, cost));
  }

  /** Takes entries of the request log, and how many more were lost on their way here; they are written with others within about a second. */
  recordUses(tenantId: string, uses: readonly TokenUse[], lost: number): void {
    this.tenantId = tenantId;
    this.uses.addLost(lost);
    for (const use of uses) this.uses.add(use);
  }

  /** Uses what may be used once; false where it was used before. `until`, Unix ms, is when it expires by itself. */
  useOnce(name: string, until: number): boolean {
    return this.usedOnce.use(name, until, Date.now());
  }

  /** Tells every subscriber of a change whose transaction is over. */
  publish(change: Change): void {
    this.changes.broadcast(change);
  }

  /** The upgrade of a subscriber that the Worker has let in; refuses one too many with the name of the limit. */
  override fetch(request: Request): Response {
    const accepted = this.changes.accept(new URL(request.url).searchParams.get('credential') ?? '');
    return typeof accepted === 'string' ? new Response(accepted, { status: 429 }) : accepted;
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    answerClose(socket, code);
  }

  private async writeUses(uses: readonly TokenUse[], dropped: number): Promise<void> {
    const { database } = await platformOf(this.env);
    const system = systemPrincipal(this.tenantId, 'token-uses');
    await withTenant(database, system, [recordTokenUses(uses, dropped)] as const);
  }

  private count(token: string, userId: string, session: string | null): KnownAdmission {
    this.awake.touch();
    const now = Date.now();
    const taken = take(this.calls.get(token), limit('calls_per_minute'), now);
    this.calls.set(token, taken.bucket);
    if (!taken.ok) return refused('calls_per_minute', taken);
    const ofTenant = take(this.tenantCalls, limit('tenant_calls_per_minute'), now);
    this.tenantCalls = ofTenant.bucket;
    if (!ofTenant.ok) return refused('tenant_calls_per_minute', ofTenant);
    return {
      verdict: 'admitted',
      userId,
      sessionHasEnded: session !== null && this.endedSessions.has(session),
      left: leftIn(taken.bucket, limit('calls_per_minute')),
    };
  }

  private forgetOldest(): void {
    const [oldest] = this.remembered.keys();
    if (oldest === undefined) return;
    this.remembered.delete(oldest);
    this.calls.delete(oldest);
  }
}

function refused(limit: CallRate, { waitMs }: Taken & { readonly ok: false }): KnownAdmission {
  return { verdict: 'rate_limited', limit, waitMs };
}
