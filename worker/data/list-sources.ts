import { selectSources } from '../database/data.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Platform } from '../platform.ts';
import { seeListed } from '../sight/see-source.ts';
import { decodeCursor } from '../tenants/cursor.ts';
import { pageOf } from '../tenants/page.ts';
import type { Principal } from '../tenants/principal.ts';
import { refuseData } from './refuse-import.ts';

/** The data of a project by name, as the caller may see it. One database request. */
export async function listSources(
  platform: Platform,
  principal: Principal,
  asked: { readonly project: string; readonly limit: number; readonly cursor?: string | undefined },
) {
  const [afterName] = asked.cursor === undefined ? [''] : decodeCursor(asked.cursor, [''] as const);
  const [found] = await withTenant(platform.database, principal, [
    selectSources(asked.project, afterName, asked.limit + 1),
  ] as const);
  if (!found.ok) throw refuseData(found, { project: asked.project, name: '' });
  const { rows, truncated, cursor } = pageOf(found.sources, asked.limit, ({ name }) => name);
  return { project: found.project, rows: rows.map(seeListed), total: found.total, truncated, cursor };
}
