import type { Context } from 'hono';
import type { AppEnv } from '../../http/app-env.ts';
import { retryFields } from '../../http/rate-limit-fields.ts';
import { addressGateOf } from '../../tenants/address-gate.ts';
import { judgeClient, presentedClient } from '../authenticate-client.ts';
import { GRANT_TYPES, type GrantType, judgeGrantType } from '../client.ts';
import { findKnownClient } from '../find-client.ts';
import { redeemAuthorizationCode } from '../grants/authorization-code.ts';
import { issueToService } from '../grants/client-credentials.ts';
import { pollForDevice } from '../grants/device-code.ts';
import { refreshTokens } from '../grants/refresh-token.ts';
import type { TokenRequest } from '../grants/token-request.ts';
import { type Issue, tokenResponse } from '../issue-access-token.ts';
import { readForm } from '../parameters.ts';
import { type Judged, type OAuthReason, oauthErrorResponse, refuse } from '../refusal.ts';

type Exchange = (request: TokenRequest) => Promise<Judged<Issue>>;

const EXCHANGES: Record<GrantType, Exchange> = {
  authorization_code: redeemAuthorizationCode,
  refresh_token: refreshTokens,
  client_credentials: issueToService,
  'urn:ietf:params:oauth:grant-type:device_code': pollForDevice,
};

/** `POST /oauth/token` (RFC 6749, section 3.2). */
export async function token(context: Context<AppEnv>): Promise<Response> {
  const platform = context.get('platform');
  const { address } = context.get('call');
  // An address that nobody vouches for would be everybody's.
  const gate = address === null ? null : addressGateOf(context.env, address);
  const wait = (await gate?.startTokenRequest()) ?? null;
  if (wait !== null)
    return oauthErrorResponse(
      refuse('too_many_refusals'),
      retryFields('failed_token_requests_per_minute', wait),
    );
  const issue = await exchange(context);
  if (issue.ok) return tokenResponse(platform, issue.value);
  if (!POLLING.includes(issue.reason)) await gate?.tokenRequestFailed();
  return oauthErrorResponse(issue);
}

/** What a device that waits for its person is told again and again. */
const POLLING: readonly OAuthReason[] = ['authorization_pending', 'slow_down'];

async function exchange(context: Context<AppEnv>): Promise<Judged<Issue>> {
  const platform = context.get('platform');
  const form = await readForm(context.req.raw);
  if (!form.ok) return form;
  const presented = presentedClient(context.req.header('authorization') ?? null, form.value);
  if (!presented.ok) return presented;
  const wanted = form.value.get('grant_type');
  if (wanted === undefined) return refuse('missing_parameter', 'grant_type');
  const grantType = GRANT_TYPES.find((known) => known === wanted);
  if (grantType === undefined) return refuse('unsupported_grant_type');

  const known = await findKnownClient(platform, presented.value.id);
  if (!known.ok) return known;
  const client = await judgeClient(known.value, presented.value);
  if (!client.ok) return client;
  const allowed = judgeGrantType(client.value, grantType);
  if (!allowed.ok) return allowed;
  return EXCHANGES[grantType]({
    platform,
    call: context.get('call'),
    client: client.value,
    form: form.value,
  });
}
