import { keepNewest } from '../keep-newest.ts';
import { ISOLATE_TIME, type WaitingTime } from './slots.ts';

const REMEMBERED_MS = 60 * 60_000;
const CREDENTIALS_MAX = 10_000;
/** A verification that takes longer belongs to a request whose client is gone. */
const VERIFICATION_MS_MAX = 15_000;

interface Verified {
  readonly secretSha256: string;
  readonly userId: string;
  readonly until: number;
}

/**
 * Secrets that argon2id verified in the last hour, in the memory of one isolate. A Durable Object that nobody asked for
 * some seconds (10 in workerd) loses its memory, while agents pause longer than that between calls: without this each
 * call after a pause would hash again, 40 ms of CPU. Like TenantGate's own memory it never says that a credential is alive;
 * and what it says of a secret stays true, for a token's hash never changes.
 */
export class VerifiedSecrets {
  private readonly byToken = new Map<string, Verified>();
  private readonly underway = new Map<string, { readonly sinceMs: number }>();
  private readonly time: WaitingTime;

  constructor(time: WaitingTime = ISOLATE_TIME) {
    this.time = time;
  }

  /** Whose token it is, if this very secret was verified for it lately; else null. */
  ownerOf(token: string, secretSha256: string): string | null {
    const known = this.byToken.get(token);
    return known !== undefined && known.secretSha256 === secretSha256 && known.until > this.time.now()
      ? known.userId
      : null;
  }

  /**
   * Returns when no other request of this isolate is verifying this very secret: at once where none is, and after the one that
   * was under way where one is, whatever came of it.
   */
  async otherHasEnded(secretSha256: string): Promise<void> {
    const other = this.underway.get(secretSha256);
    if (other === undefined) return;
    while (this.underway.get(secretSha256) === other && this.time.now() - other.sinceMs < VERIFICATION_MS_MAX)
      await this.time.pause();
  }

  /** Verifies a secret by `work`; whoever brings the same meanwhile can wait for it. */
  async verify<Result>(secretSha256: string, work: () => Promise<Result>): Promise<Result> {
    const own = { sinceMs: this.time.now() };
    keepNewest(this.underway, secretSha256, own, CREDENTIALS_MAX);
    try {
      return await work();
    } finally {
      if (this.underway.get(secretSha256) === own) this.underway.delete(secretSha256);
    }
  }

  /** Remembers what argon2id has just verified. */
  keep(token: string, secretSha256: string, userId: string): void {
    const verified = { secretSha256, userId, until: this.time.now() + REMEMBERED_MS };
    keepNewest(this.byToken, token, verified, CREDENTIALS_MAX);
  }
}
