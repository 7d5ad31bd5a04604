import { keepNewest } from '../keep-newest.ts';

const REMEMBERED_MS = 60 * 60_000;
const CREDENTIALS_MAX = 10_000;

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

  /** Whose token it is, if this very secret was verified for it lately; else null. */
  ownerOf(token: string, secretSha256: string, now: number = Date.now()): string | null {
    const known = this.byToken.get(token);
    return known !== undefined && known.secretSha256 === secretSha256 && known.until > now
      ? known.userId
      : null;
  }

  /** Remembers what argon2id has just verified. */
  keep(token: string, secretSha256: string, userId: string, now: number = Date.now()): void {
    const verified = { secretSha256, userId, until: now + REMEMBERED_MS };
    keepNewest(this.byToken, token, verified, CREDENTIALS_MAX);
  }
}
