import { decodeBase64url } from '../../protocol/base64url.ts';
import { hex } from '../../protocol/hex.ts';
import { utf8 } from '../blobs/sha256.ts';
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
 * A ticket for `app.enter`: the HMAC-SHA-256 (RFC 2104) of a JSON text in 64 hexadecimal digits, and the text, as the
 * database writes the context that it signs. Good for 120 s, one transaction each.
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
    needs: principal.needs,
    iat: Math.floor(nowMs / 1000),
    request: principal.requestId,
    address: principal.address,
    agent: principal.userAgent,
  };
  const signed = JSON.stringify(payload);
  const signature = await crypto.subtle.sign('HMAC', key, utf8(signed));
  return `${hex(new Uint8Array(signature))}${signed}`;
}
