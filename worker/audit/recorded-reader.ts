import { EntryRefused } from '../database/database.ts';
import { enter } from '../database/with-tenant.ts';
import type { Call } from '../http/call.ts';
import { personPrincipal } from '../people/person.ts';
import type { Session } from '../people/session.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { isAdministrator, type TenantRole } from '../tenants/roles.ts';
import { CallRecord } from './call-record.ts';
import { pageEvent } from './page-event.ts';

/**
 * A signed-in person who opens a page that shows what only few may see. The first transaction of theirs writes who read it
 * and what was asked for; where it cannot, nothing is shown.
 */
export async function recordedReader(
  session: Session,
  tenantId: string,
  call: Call,
  { page, asked }: { readonly page: string; readonly asked: Readonly<Record<string, string>> },
): Promise<Principal> {
  const record = new CallRecord(await pageEvent(page, asked));
  return { ...personPrincipal(session, tenantId, call), record };
}

/** {@link recordedReader}, of a page that shows an admin more of the team than others. */
export async function readerByRole(
  session: Session,
  { tenantId, role }: { readonly tenantId: string; readonly role: TenantRole | undefined },
  call: Call,
  page: string,
  asked: Readonly<Record<string, string>> = {},
): Promise<Principal> {
  return role !== undefined && isAdministrator(role)
    ? recordedReader(session, tenantId, call, { page, asked })
    : personPrincipal(session, tenantId, call);
}

/** {@link readerByRole}, of a page with one list of all teams that the person administers: each of them learns of it before it is read. */
export async function recordReading(
  platform: Platform,
  session: Session,
  call: Call,
  page: string,
): Promise<void> {
  const administered = session.tenants.filter(({ role }) => isAdministrator(role));
  await Promise.all(
    administered.map(async ({ tenantId }) => {
      const reader = await recordedReader(session, tenantId, call, { page, asked: {} });
      await enter(platform.database, reader).catch((error: unknown) => {
        // A suspended team shows nothing, and hides none of the others.
        if (!(error instanceof EntryRefused)) throw error;
      });
    }),
  );
}
