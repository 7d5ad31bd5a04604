import { type LoggedRequest, type RequestFilter, selectRequests } from '../database/token-uses.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import { keyOfCursor, type Page, pageOf } from '../tenants/page.ts';
import type { Principal } from '../tenants/principal.ts';

/**
 * The request log of a tenant, newest first: for its admins and owners of everybody, for others what was asked in their
 * own name. One database request.
 */
export async function listRequests(
  platform: Platform,
  principal: Principal,
  filter: RequestFilter,
  asked: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<LoggedRequest>> {
  const before = keyOfCursor(asked.cursor);
  const [requests] = await withTenantOfPerson(platform, principal, [
    selectRequests(filter, { before, rowsMax: asked.limit + 1 }),
  ] as const);
  return pageOf(requests, asked.limit, ({ requestId }) => requestId);
}
