import { type CallEvent, callEvent } from '../audit/call-record.ts';
import { endOfCall } from '../audit/end-of-call.ts';
import { recordRefusal } from '../audit/record-refusal.ts';
import { EntryRefused } from '../database/database.ts';
import { enter } from '../database/with-tenant.ts';
import type { Call } from '../http/call.ts';
import type { RateLeft } from '../http/rate-limit-fields.ts';
import { rateLimited } from '../http/rate-limited.ts';
import { Refusal } from '../http/refusal.ts';
import { parseTraceparent } from '../mcp/trace-context.ts';
import { personPrincipal } from '../people/person.ts';
import type { Session } from '../people/session.ts';
import type { Platform } from '../platform.ts';
import { tenantGateOf } from '../tenants/gate-of.ts';
import type { Principal } from '../tenants/principal.ts';
import { isAdministrator, type TenantRole } from '../tenants/roles.ts';
import { retryAfterSeconds } from '../tenants/token-bucket.ts';

/** A person in a tenant that they administer. */
export interface Administrator {
  readonly principal: Principal;
  readonly role: TenantRole;
  /** What is left of the session's rate of calls. */
  readonly left: RateLeft;
}

/**
 * Enters a tenant with the person's session and the role that a route needs; one database request. A tenant that they
 * do not belong to is refused as absent; in one of their own they learn which role they lack. Then takes one call from
 * the session's rate.
 */
export async function enterAsAdministrator(
  platform: Platform,
  call: Call,
  asked: {
    readonly session: Session;
    readonly tenantId: string;
    readonly role: 'admin' | 'owner';
    readonly operation: OperationEvent;
  },
): Promise<Administrator> {
  const principal = {
    ...personPrincipal(asked.session, asked.tenantId, call),
    needs: { scopes: [], role: asked.role },
  };
  const { role } = await enter(platform.database, principal).catch(async (error: unknown) => {
    // Only a member's attempt is this tenant's business: a stranger shall not fill its log.
    if (error instanceof EntryRefused && error.reason === 'insufficient_role') {
      const event = await callEvent(asked.operation, { tenant: asked.tenantId });
      await recordRefusal(platform, principal, event, endOfCall(error));
    }
    throw error;
  });
  if (role === null) throw new Error('a person entered without a role');
  const counted = await tenantGateOf(platform.env, asked.tenantId).countCall(asked.session.sessionId);
  if (counted.verdict === 'rate_limited')
    throw rateLimited(counted.limit, 'This session, or its tenant, makes more calls a minute than it may.', {
      retryAfterSeconds: retryAfterSeconds(counted.waitMs),
    });
  return { principal, role, left: counted.left };
}

export type OperationEvent = Pick<CallEvent, 'action' | 'kind' | 'target' | 'trace'>;

/** How the audit log names an operation of this API, in the trace that the request says it is part of (W3C Trace Context). */
export function operationOf(name: string, request: Request): OperationEvent {
  const trace = parseTraceparent(request.headers.get('traceparent') ?? '')?.traceId ?? null;
  return { action: 'api.call', kind: 'operation', target: name, trace };
}

/** Why an entry was refused, in the words of this API; at any step, for whatever may have ended meanwhile. */
export function explainEntry({ reason, needed }: EntryRefused): Refusal {
  switch (reason) {
    case 'insufficient_role':
      return new Refusal('insufficient_role', `This call needs the role ${needed.join()} in the tenant.`, {
        hint: 'Ask an owner of the tenant.',
      });
    case 'tenant_suspended':
      return new Refusal('tenant_suspended', 'The tenant is suspended.', { hint: 'Ask the operator.' });
    case 'revoked':
    case 'expired':
    case 'user_disabled':
      return new Refusal('unauthenticated', 'Your session has ended.', { hint: 'Sign in again.' });
    default:
      return new Refusal('not_found', 'You belong to no such tenant.');
  }
}

/** Without a tenant in the path, a caller must administer some tenant, as the database just said. */
export function requireSomeAdministrator({ tenants }: Session): void {
  if (tenants.some(({ role }) => isAdministrator(role))) return;
  throw new Refusal('insufficient_role', 'This API is for admins and owners of a tenant.', {
    hint: 'Ask an owner of your tenant, or use the pages: /account shows your own sessions.',
  });
}
