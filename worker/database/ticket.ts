import { decodeBase64url, encodeBase64url } from '../../protocol/base64url.ts';
import type { Principal } from '../tenants/principal.ts';

/** The key that signs tickets, shared with the database. Import it once; it cannot be read back. */
export type TicketKey = Awaited<ReturnType<typeof crypto.subtle.importKey>> & { readonly __use: 'ticket' };

const TICKET_KEY_BYTES_MIN = 32;

/**
 * Imports the ticket key from its spelling in the settings, unpadded base64url of at least 32 bytes.
 *
 * @throws Error when it is not that
 */
export async function importTicketKey(base64url: string): Promise<TicketKey> {
  const bytes = decodeBase64url(base64url);
  if (bytes === null || bytes.length < TICKET_KEY_BYTES_MIN) {
    throw new Error(`the ticket key must be base64url of at least ${TICKET_KEY_BYTES_MIN} bytes`);
  }
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return (await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign'])) as TicketKey;
}

/**
 * A ticket for `app.enter`: `base64url(JSON) '.' base64url(HMAC-SHA-256)`, the signature over the encoded text (the
 * shape of JWS, RFC 7515 section 3.1, without its header: there is one algorithm). Good for 120 s, one transaction each.
 */
export async function mintTicket(
  key: TicketKey,
  principal: Principal,
  nowMs: number = Date.now(),
): Promise<string> {
  const payload = {
    v: 1,
    tenant: principal.tenantId,
    user: principal.userId,
    kind: principal.credential.kind,
    credential: principal.credential.id,
    granted: principal.credential.kind === 'oauth' ? principal.credential.scopes : null,
    scopes: principal.needs.scopes,
    role: principal.needs.role,
    iat: Math.floor(nowMs / 1000),
    request: principal.requestId,
    address: principal.address,
    agent: principal.userAgent,
  };
  const signed = encodeBase64url(new TextEncoder().encode(JSON.stringify(payload)));
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(signed));
  return `${signed}.${encodeBase64url(new Uint8Array(signature))}`;
}
