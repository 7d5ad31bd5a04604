import { selectSource } from '../database/data.ts';
import { withTenant } from '../database/with-tenant.ts';
import { describeSnapshot } from '../mcp/data-schemas.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { refuseData } from './refuse-import.ts';

/** What a source holds now. One database request. */
export async function describeSource(
  platform: Platform,
  principal: Principal,
  asked: { readonly project: string; readonly name: string },
) {
  const [found] = await withTenant(platform.database, principal, [
    selectSource(asked.project, asked.name),
  ] as const);
  if (!found.ok) throw refuseData(found, asked);
  const { imported_at, origin, snapshots } = found;
  return { ...describeSnapshot(found), imported_at, origin: { ...origin }, snapshots };
}
