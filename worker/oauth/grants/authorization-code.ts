import { findCode, redeemCode } from '../../database/oauth-codes.ts';
import { endGrant } from '../end-grant.ts';
import type { Issue } from '../issue-access-token.ts';
import { LIFETIMES } from '../lifetimes.ts';
import { accept, type Judged, refuse } from '../refusal.ts';
import { digestOfOpaque, newOpaque } from '../secret.ts';
import { judgeCode } from './judge-code.ts';
import type { TokenRequest } from './token-request.ts';

/** Exchanges a code for tokens (RFC 6749, section 4.1.3), once: a second use ends what the first one gave. */
export async function redeemAuthorizationCode({
  platform,
  call,
  client,
  form,
}: TokenRequest): Promise<Judged<Issue>> {
  const presented = form.get('code');
  if (presented === undefined) return refuse('missing_parameter', 'code');
  const digest = await digestOfOpaque('code', presented);
  if (digest === null) return refuse('unknown_code');

  const code = await findCode(platform.database, digest);
  const judged = await judgeCode(code, {
    clientId: client.id,
    redirectUri: form.get('redirect_uri'),
    verifier: form.get('code_verifier'),
    resource: form.get('resource'),
  });
  if (!judged.ok) {
    if (judged.reason === 'code_reused' && code !== null)
      await endGrant(platform, code.grant, 'code_reuse', call);
    return judged;
  }

  const { grant } = judged.value;
  const refresh = client.metadata.grant_types.includes('refresh_token') ? await newOpaque('refresh') : null;
  const isFirst = await redeemCode(
    platform.database,
    digest,
    refresh && { sha256: refresh.sha256, lifetimeSeconds: LIFETIMES.refresh },
    call,
  );
  if (!isFirst) {
    await endGrant(platform, grant, 'code_reuse', call);
    return refuse('code_reused');
  }
  return accept({ grant, scopes: grant.scopes, refreshToken: refresh?.text ?? null });
}
