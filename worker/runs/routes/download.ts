import type { Context } from 'hono';
import { selectMayOpen } from '../../database/runs.ts';
import { withTenant } from '../../database/with-tenant.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { attachment } from '../../http/attachment.ts';
import { Refusal } from '../../http/refusal.ts';
import type { Principal } from '../../tenants/principal.ts';
import { lackOf } from '../../tenants/purged.ts';
import { open } from '../capability.ts';
import { unauthenticated } from './unauthenticated.ts';

/**
 * Serves what a download link names, as an attachment that no browser renders: whatever a model wrote runs nowhere.
 * The link is good for fifteen minutes, and no longer than the credential that made it: when that is revoked, or may not
 * see what the run left any more, the link is dead too. One database request.
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
  const [isSeen] = await withTenant(platform.database, principal, [selectMayOpen(claim.run)] as const);
  if (!isSeen) throw absent();
  const blob = await platform.blobs.get({ tenant: claim.tenant, sha256: claim.sha256 });
  if (blob === null) throw await lackOf(platform, claim.tenant, claim.sha256);
  return attachment(blob.body, claim.name, claim.type);
}

function absent(): Refusal {
  return new Refusal('not_found', 'The file is not there any more.');
}
