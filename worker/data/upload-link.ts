import type { Call } from '../http/call.ts';
import { seal, unseal } from '../seal/seal.ts';
import type { Credential, Principal } from '../tenants/principal.ts';

/** What an upload link says: for whom it was made, by which credential, and what it is for. */
interface UploadClaim {
  readonly tenant: string;
  readonly user: string | null;
  readonly credential: Credential;
  readonly upload: string;
}

export type UploadLink =
  | { readonly ok: true; readonly upload: string; readonly principal: Principal }
  | { readonly ok: false; readonly reason: 'forged' | 'expired' };

/** The last part of an upload's address. Whoever holds it may send that upload's bytes, and nothing else. */
export function sealUploadLink(
  key: CryptoKey,
  principal: Principal,
  upload: string,
  lifetimeMs: number,
): Promise<string> {
  const claim: UploadClaim = {
    tenant: principal.tenantId,
    user: principal.userId,
    credential: principal.credential,
    upload,
  };
  return seal(key, 'upload', claim, lifetimeMs);
}

/**
 * Reads a link. Its principal is the credential that made it, with the rights that an upload needs: when that
 * credential is revoked, or its owner may no longer write data, the links that it made are dead too.
 */
export async function readUploadLink(key: CryptoKey, link: string, call: Call): Promise<UploadLink> {
  const opened = await unseal<UploadClaim>(key, 'upload', link);
  if (!opened.ok) return opened;
  const { tenant, user, credential, upload } = opened.claim;
  return {
    ok: true,
    upload,
    principal: {
      tenantId: tenant,
      userId: user,
      credential,
      needs: { scopes: ['data:write'], role: 'member' },
      ...call,
    },
  };
}
