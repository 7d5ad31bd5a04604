import { type DevicePoll, pollDevice } from '../../database/oauth-devices.ts';
import type { Issue } from '../issue-access-token.ts';
import { LIFETIMES } from '../lifetimes.ts';
import { accept, type Judged, type OAuthReason, refuse } from '../refusal.ts';
import { digestOfOpaque, newOpaque } from '../secret.ts';
import type { TokenRequest } from './token-request.ts';

const REFUSALS: Record<Exclude<DevicePoll, { ok: true }>['reason'], OAuthReason> = {
  unknown: 'unknown_device_code',
  expired: 'device_expired',
  denied: 'device_denied',
  too_fast: 'slow_down',
  pending: 'authorization_pending',
};

/** A poll of a device that waits for its person (RFC 8628, section 3.4). */
export async function pollForDevice({ platform, call, client, form }: TokenRequest): Promise<Judged<Issue>> {
  const presented = form.get('device_code');
  if (presented === undefined) return refuse('missing_parameter', 'device_code');
  const deviceCodeSha256 = await digestOfOpaque('device', presented);
  if (deviceCodeSha256 === null) return refuse('unknown_device_code');
  const refresh = client.metadata.grant_types.includes('refresh_token') ? await newOpaque('refresh') : null;
  const poll = await pollDevice(
    platform.database,
    { deviceCodeSha256, clientId: client.id },
    refresh && { sha256: refresh.sha256, lifetimeSeconds: LIFETIMES.refresh },
    call,
  );
  if (!poll.ok) return refuse(REFUSALS[poll.reason]);
  return accept({ grant: poll.grant, scopes: poll.grant.scopes, refreshToken: refresh?.text ?? null });
}
