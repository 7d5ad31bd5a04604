import type { TenantRole } from '../tenants/roles.ts';
import { callFunction } from './call-function.ts';
import { onlyRow, type Query, query } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';
import type { NewSession, RecordedCall } from './sessions.ts';

export interface Invitation {
  readonly email: string;
  readonly role: TenantRole;
  readonly tenantName: string;
  readonly expiresAt: string;
}

export interface OpenInvitation extends Invitation {
  readonly id: string;
  readonly tenantId: string;
  readonly byOperator: boolean;
  /** Whether the reader might make it: only then may they see its link, or withdraw it. */
  readonly isWithinRole: boolean;
}

/** What a link invites to; null for a link that is absent, used, expired or revoked, which all look alike. */
export function findInvitation(linkSha256: string): Query<Invitation | null> {
  return query(
    'select app.system_find_invitation($1) as invitation',
    [linkSha256],
    ([row]) => (row?.invitation ?? null) as Invitation | null,
  );
}

/** Makes an account of somebody new, with a session; refuses with `not_found`, or `already_exists` where the email has one. */
export function acceptInvitation(
  linkSha256: string,
  person: {
    readonly userId: string;
    readonly name: string;
    readonly argon2id: string;
    readonly session: NewSession;
    readonly call: RecordedCall;
  },
): Query<SqlAnswer<object>> {
  return callFunction('app.system_accept_invitation($1, $2, $3, $4, $5, $6)', [
    linkSha256,
    person.userId,
    person.name,
    person.argon2id,
    JSON.stringify(person.session),
    JSON.stringify(person.call),
  ]);
}

/** Makes the signed-in person a member; refuses with `not_found`, also where the invitation is for another email. */
export function joinByInvitation(
  linkSha256: string,
  cookieSha256: string,
  call: RecordedCall,
): Query<SqlAnswer<object>> {
  return callFunction('app.system_join_invitation($1, $2, $3)', [
    linkSha256,
    cookieSha256,
    JSON.stringify(call),
  ]);
}

/**
 * Invites an email to a tenant of the session's person. Refuses with `not_found` (not their tenant), `insufficient_role`,
 * `already_exists` (a member) or `limit_exceeded`.
 */
export function createInvitation(
  cookieSha256: string,
  invitation: {
    readonly id: string;
    readonly tenantId: string;
    readonly email: string;
    readonly role: TenantRole;
    readonly linkSha256: string;
    readonly lifetimeSeconds: number;
  },
  openMax: number,
  call: RecordedCall,
): Query<SqlAnswer<{ readonly expiresAt: string }>> {
  return callFunction('app.system_create_invitation($1, $2, $3, $4)', [
    cookieSha256,
    JSON.stringify(invitation),
    openMax,
    JSON.stringify(call),
  ]);
}

/** The open invitations of the tenants that the session's person administers. */
export function selectInvitations(cookieSha256: string): Query<readonly OpenInvitation[]> {
  return query(
    'select app.system_list_invitations($1) as invitations',
    [cookieSha256],
    (rows) => onlyRow(rows).invitations as readonly OpenInvitation[],
  );
}

/** Ends an open invitation, of that tenant where one is named; refuses with `not_found`. */
export function revokeInvitation(
  cookieSha256: string,
  invitation: { readonly id: string; readonly tenantId: string | null },
  call: RecordedCall,
): Query<SqlAnswer<object>> {
  return callFunction('app.system_revoke_invitation($1, $2, $3, $4)', [
    cookieSha256,
    invitation.id,
    JSON.stringify(call),
    invitation.tenantId,
  ]);
}
