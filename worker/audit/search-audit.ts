import { type AuditEntry, type AuditFilter, selectAuditEvents } from '../database/audit-events.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import { keyOfCursor, type Page, pageOf } from '../tenants/page.ts';
import type { Principal } from '../tenants/principal.ts';

/** The audit log of a tenant, for its admins and owners. Refuses everybody else. One database request. */
export async function searchAudit(
  platform: Platform,
  principal: Principal,
  filter: AuditFilter,
  asked: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<AuditEntry>> {
  const after = keyOfCursor(asked.cursor);
  const admin = { ...principal, needs: { scopes: [], role: 'admin' as const } };
  const [events] = await withTenantOfPerson(platform, admin, [
    selectAuditEvents(filter, { after, rowsMax: asked.limit + 1 }),
  ] as const);
  return pageOf(events, asked.limit, ({ eventId }) => eventId);
}
