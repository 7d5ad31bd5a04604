import type { Call } from '../http/call.ts';
import { callFunction } from './call-function.ts';
import type { Database } from './database.ts';
import { callFacts, type GrantFacts, readGrant } from './oauth-grants.ts';
import { query } from './query.ts';

/** What a code was issued for, and what became of it. */
export interface CodeFacts {
  readonly grant: GrantFacts;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly expired: boolean;
  readonly redeemed: boolean;
}

export async function findCode(database: Database, codeSha256: string): Promise<CodeFacts | null> {
  const [code] = await database.transaction([
    query('select app.find_oauth_code($1) as facts', [codeSha256], ([row]) => {
      const facts = row?.facts as Record<string, unknown> | null | undefined;
      if (facts === null || facts === undefined) return null;
      return {
        grant: readGrant(facts.grant as Record<string, unknown>),
        redirectUri: facts.redirect_uri as string,
        challenge: facts.code_challenge as string,
        expired: facts.expired as boolean,
        redeemed: facts.redeemed as boolean,
      };
    }),
  ]);
  return code;
}

/** Spends a code; true for exactly one of all callers. */
export async function redeemCode(
  database: Database,
  codeSha256: string,
  refresh: { readonly sha256: string; readonly lifetimeSeconds: number } | null,
  call: Call,
): Promise<boolean> {
  const [answer] = await database.transaction([
    callFunction<object>('app.system_redeem_oauth_code($1, $2, make_interval(secs => $3), $4)', [
      codeSha256,
      refresh?.sha256 ?? null,
      refresh?.lifetimeSeconds ?? 0,
      callFacts(call),
    ]),
  ]);
  return answer.ok;
}
