import { selectSource } from '../database/data.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Platform } from '../platform.ts';
import { seeDescribed } from '../sight/see-source.ts';
import type { Principal } from '../tenants/principal.ts';
import { refuseData } from './refuse-import.ts';

/** What a source holds now, as the caller may see it. One database request. */
export async function describeSource(
  platform: Platform,
  principal: Principal,
  asked: { readonly project: string; readonly name: string },
) {
  const [found] = await withTenant(platform.database, principal, [
    selectSource(asked.project, asked.name),
  ] as const);
  if (!found.ok) throw refuseData(found, asked);
  return seeDescribed(found);
}
