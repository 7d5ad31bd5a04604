import { newId } from '../../protocol/ids.ts';
import { newSecret } from '../../protocol/secret.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import type { NewSession, RecordedCall } from '../database/sessions.ts';
import type { Call } from '../http/call.ts';
import type { Platform } from '../platform.ts';
import { setCookie } from './session-cookie.ts';
import { sessionLimits } from './settings.ts';

/** Draws a session: what the database stores of it, and the cookie that the browser gets once that is done. */
export async function drawSession({
  env,
  publicUrl,
}: Platform): Promise<{ readonly session: NewSession; readonly cookie: string }> {
  const secret = newSecret();
  const limits = sessionLimits(env);
  return {
    session: { id: newId('session'), cookieSha256: await sha256Hex(utf8(secret)), ...limits },
    cookie: setCookie('session', secret, { publicUrl, maxAgeSeconds: limits.absoluteSeconds }),
  };
}

/** The request as authentication events and audit record it. */
export function recorded(call: Call): RecordedCall {
  return { request: call.requestId, address: call.address, agent: call.userAgent };
}
