import type { Context } from 'hono';
import { newId } from '../../../protocol/ids.ts';
import { isRaised } from '../../database/errors.ts';
import { decideDevice, findWaitingDevice } from '../../database/oauth-devices.ts';
import { consentToClient } from '../../database/oauth-grants.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import { asAttempt } from '../../identity/authentication-attempt.ts';
import { personPrincipal, withTenantOfPerson } from '../../people/person.ts';
import { requiredField } from '../../people/routes/field.ts';
import { personForm, personPage } from '../../people/routes/person-page.ts';
import { seal, unseal } from '../../seal/seal.ts';
import { addressGateOf } from '../../tenants/address-gate.ts';
import type { Scope } from '../../tenants/scopes.ts';
import { consentPage } from '../consent-page.ts';
import { deviceCodePage, deviceDonePage } from '../device-page.ts';
import { findKnownClient } from '../find-client.ts';
import { LIFETIMES } from '../lifetimes.ts';
import { digestOfUserCode, parseUserCode } from '../user-code.ts';
import { outOfDate, refuseConsent, tellPerson } from './authorize.ts';

/** What the page of a device carries: the device that was looked at, for the session that looked. */
interface DeviceClaim {
  readonly sessionId: string;
  readonly userCodeSha256: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly resource: string;
}

const NO_SUCH_CODE = 'No device waits with this code. It may have expired: start again on the device.';

/** `GET /device` (RFC 8628, section 3.3): asks for the code, or what to do with the device that shows it. */
export const showDevice = personPage(ownAddress, async (context, session) => {
  const platform = context.get('platform');
  const typed = codeIn(context);
  const userCode = parseUserCode(typed);
  if (userCode === null) return deviceCodePage(session, typed === '' ? undefined : NO_SUCH_CODE);

  const userCodeSha256 = await digestOfUserCode(userCode);
  const device = await asAttempt(
    addressGateOf(context.env, context.get('call').address),
    async (succeeded) => {
      const waiting = await findWaitingDevice(platform.database, userCodeSha256);
      if (waiting !== null) succeeded();
      return waiting;
    },
  );
  if (device === null) return deviceCodePage(session, NO_SUCH_CODE);
  const client = await findKnownClient(platform, device.clientId);
  if (!client.ok) throw tellPerson(client);
  const claim: DeviceClaim = { sessionId: session.sessionId, userCodeSha256, ...device };
  return consentPage({
    session,
    client: client.value,
    scopes: device.scopes as readonly Scope[],
    answer: { userCode },
    sealed: await seal(platform.sealKey, 'consent', claim, LIFETIMES.consent * 1000),
  });
});

/** `POST /device`: the person's decision, taken with the grant in one transaction. */
export const decideForDevice = personForm('/device', async (context, session, form) => {
  const platform = context.get('platform');
  const unsealed = await unseal<DeviceClaim>(platform.sealKey, 'consent', requiredField(form, 'request'));
  if (!unsealed.ok || unsealed.claim.sessionId !== session.sessionId || !('userCodeSha256' in unsealed.claim))
    throw outOfDate();
  const { userCodeSha256, clientId, scopes, resource } = unsealed.claim;
  const isApproved = form.get('decision') === 'allow';
  const principal = personPrincipal(session, requiredField(form, 'tenant'), context.get('call'));
  const grantId = newId('grant');
  const consent = consentToClient({ grantId, clientId, scopes, resource, code: null });
  try {
    const answers = await withTenantOfPerson(
      platform,
      principal,
      isApproved ? [consent, decideDevice(userCodeSha256, grantId)] : [decideDevice(userCodeSha256, null)],
    );
    const refused = answers.find((answer) => !answer.ok);
    if (refused?.ok === false) throw refuseConsent(refused);
  } catch (error) {
    if (isRaised(error, 'device_not_waiting')) throw new Refusal('not_found', NO_SUCH_CODE);
    throw error;
  }
  return deviceDonePage(session, isApproved);
});

function codeIn(context: Context<AppEnv>): string {
  return context.req.query('user_code') ?? '';
}

/** The address of this request, to come back to after signing in. */
function ownAddress(context: Context<AppEnv>): string {
  const userCode = parseUserCode(codeIn(context));
  return userCode === null ? '/device' : `/device?user_code=${userCode}`;
}
