import { callFunction } from './call-function.ts';
import type { Database } from './database.ts';
import { type GrantFacts, readGrant } from './oauth-grants.ts';
import { query } from './query.ts';

/** What a presented refresh token is, and what became of it. */
export interface RefreshFacts {
  readonly grant: GrantFacts;
  readonly expired: boolean;
  /** Null while it is unused. */
  readonly usedSecondsAgo: number | null;
  /** An envelope of the token that it was exchanged for. */
  readonly successor: string | null;
  /** How many generations of its family are newer. */
  readonly generationsSince: number;
}

export async function findRefreshToken(
  database: Database,
  tokenSha256: string,
): Promise<RefreshFacts | null> {
  const [token] = await database.transaction([
    query('select app.find_oauth_refresh_token($1) as facts', [tokenSha256], ([row]) => {
      const facts = row?.facts as Record<string, unknown> | null | undefined;
      if (facts === null || facts === undefined) return null;
      return {
        grant: readGrant(facts.grant as Record<string, unknown>),
        expired: facts.expired as boolean,
        usedSecondsAgo: facts.used_seconds_ago as number | null,
        successor: facts.successor as string | null,
        generationsSince: facts.generations_since as number,
      };
    }),
  ]);
  return token;
}

/** Exchanges a token for its successor, once. False: it was used or ended meanwhile, and nothing changed. */
export async function rotateRefreshToken(
  database: Database,
  rotation: {
    readonly tokenSha256: string;
    readonly nextSha256: string;
    /** The next token as an envelope, bound to the row of the spent one. */
    readonly successor: string;
    readonly lifetimeSeconds: number;
  },
): Promise<boolean> {
  const [answer] = await database.transaction([
    callFunction<object>('app.system_rotate_oauth_refresh_token($1, $2, $3, make_interval(secs => $4))', [
      rotation.tokenSha256,
      rotation.nextSha256,
      rotation.successor,
      rotation.lifetimeSeconds,
    ]),
  ]);
  return answer.ok;
}
