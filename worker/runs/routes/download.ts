import type { Context } from 'hono';
import { selectHasRun } from '../../database/runs.ts';
import { withTenant } from '../../database/with-tenant.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import type { Principal } from '../../tenants/principal.ts';
import { open } from '../capability.ts';
import { unauthenticated } from './unauthenticated.ts';

const MEDIA_TYPE = /^[a-z]+\/[a-z0-9.+-]+$/;

/**
 * Serves what a download link names, as an attachment that no browser renders: whatever a model wrote runs nowhere.
 * The link is good for fifteen minutes, and no longer than the credential that made it: when that is revoked, or may not
 * see the run any more, the link is dead too. One database request.
 */
export async function download(context: Context<AppEnv>): Promise<Response> {
  const { platform } = context.var;
  const opened = await open(platform.sealKey, 'download', context.req.param('link') ?? null);
  if (!opened.ok) {
    const message = opened.reason === 'expired' ? 'The link has expired.' : 'The link is not valid.';
    return unauthenticated(context, 'Bearer', message);
  }
  const { claim } = opened;
  const principal: Principal = {
    tenantId: claim.tenant,
    userId: claim.user,
    credential: claim.credential,
    needs: { scopes: ['runs:execute'], role: 'viewer' },
    ...context.var.call,
  };
  const [isSeen] = await withTenant(platform.database, principal, [selectHasRun(claim.run)] as const);
  if (!isSeen) throw absent();
  const blob = await platform.blobs.get({ tenant: claim.tenant, sha256: claim.sha256 });
  if (blob === null) throw absent();
  return new Response(blob.body, {
    headers: {
      'content-type': MEDIA_TYPE.test(claim.type) ? claim.type : 'application/octet-stream',
      'content-disposition': `attachment; filename*=UTF-8''${encodeRfc8187(claim.name)}`,
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, no-store',
    },
  });
}

function absent(): Refusal {
  return new Refusal('not_found', 'The file is not there any more.');
}

/** A file name as RFC 8187, section 3.2 spells it; folders become part of the name. */
function encodeRfc8187(name: string): string {
  return encodeURIComponent(name.replaceAll('/', '_')).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
