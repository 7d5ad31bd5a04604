import type { Context } from 'hono';
import { startDevice } from '../../database/oauth-devices.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { judgeClient, presentedClient } from '../authenticate-client.ts';
import { DEVICE_GRANT, judgeGrantType } from '../client.ts';
import { findClient } from '../find-client.ts';
import { DEVICE_INTERVAL_SECONDS, LIFETIMES } from '../lifetimes.ts';
import { readForm } from '../parameters.ts';
import { accept, type Judged, oauthErrorResponse } from '../refusal.ts';
import { judgeResource } from '../resource.ts';
import { judgeScope } from '../scope.ts';
import { newOpaque } from '../secret.ts';
import { oauthSettings } from '../settings.ts';
import { takeRegistration } from '../take-registration.ts';
import { digestOfUserCode, newUserCode } from '../user-code.ts';

/** `POST /oauth/device` (RFC 8628, section 3.1): a client that cannot receive a callback asks for codes. */
export async function authorizeDevice(context: Context<AppEnv>): Promise<Response> {
  const started = await start(context);
  if (started instanceof Response) return started;
  if (!started.ok) return oauthErrorResponse(started);
  return new Response(`${JSON.stringify(started.value)}\n`, {
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}

async function start(context: Context<AppEnv>): Promise<Judged<object> | Response> {
  const platform = context.get('platform');
  const form = await readForm(context.req.raw);
  if (!form.ok) return form;
  const presented = presentedClient(context.req.header('authorization') ?? null, form.value);
  if (!presented.ok) return presented;
  // A client's document may be fetched for it, and codes are stored: both are for the address to pay.
  const refused = await takeRegistration(context);
  if (refused !== null) return refused;
  const known = await findClient(platform, presented.value.id);
  if (!known.ok) return known;
  const client = await judgeClient(known.value, presented.value);
  if (!client.ok) return client;
  const allowed = judgeGrantType(client.value, DEVICE_GRANT);
  if (!allowed.ok) return allowed;
  const scopes = judgeScope(form.value.get('scope'));
  if (!scopes.ok) return scopes;
  const settings = oauthSettings(platform);
  const resource = judgeResource(form.value.get('resource'), settings.resource, settings.requireResource);
  if (!resource.ok) return resource;

  const device = await newOpaque('device');
  const userCode = newUserCode();
  await startDevice(platform.database, {
    deviceCodeSha256: device.sha256,
    userCodeSha256: await digestOfUserCode(userCode),
    clientId: client.value.id,
    scopes: scopes.value,
    resource: resource.value,
    lifetimeSeconds: LIFETIMES.device,
  });
  return accept({
    device_code: device.text,
    user_code: userCode,
    verification_uri: `${platform.publicUrl}/device`,
    verification_uri_complete: `${platform.publicUrl}/device?user_code=${userCode}`,
    expires_in: LIFETIMES.device,
    interval: DEVICE_INTERVAL_SECONDS,
  });
}
