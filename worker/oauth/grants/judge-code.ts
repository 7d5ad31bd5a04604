import type { CodeFacts } from '../../database/oauth-codes.ts';
import { judgeVerifier } from '../pkce.ts';
import { type Judged, refuse } from '../refusal.ts';
import { judgeResource } from '../resource.ts';

/** What a client shows with a code. */
export interface CodePresentation {
  readonly clientId: string;
  readonly redirectUri: string | undefined;
  readonly verifier: string | undefined;
  readonly resource: string | undefined;
}

/**
 * Judges a presented code by its facts. A spent code is told apart only inside: whoever shows it may have stolen it, so
 * the tokens of its first use die. `redirect_uri` may be left out (OAuth 2.1: PKCE binds the code), not changed.
 */
export async function judgeCode(code: CodeFacts | null, shown: CodePresentation): Promise<Judged<CodeFacts>> {
  if (code === null || code.grant.clientId !== shown.clientId) return refuse('unknown_code');
  if (code.redeemed) return refuse('code_reused');
  if (code.expired) return refuse('unknown_code');
  if (shown.redirectUri !== undefined && shown.redirectUri !== code.redirectUri)
    return refuse('other_redirect');
  const verifier = await judgeVerifier(shown.verifier, code.challenge);
  if (!verifier.ok) return verifier;
  const resource = judgeResource(shown.resource, code.grant.resource, false);
  if (!resource.ok) return resource;
  return code.grant.alive ? { ok: true, value: code } : refuse('grant_ended');
}
