import type { CallRecord } from '../audit/call-record.ts';
import type { TenantRole } from './roles.ts';
import type { Scope } from './scopes.ts';

/** What a call needs of the credential behind it; the database refuses the entry where it is not there. */
export interface Needs {
  readonly scopes: readonly Scope[];
  readonly role: TenantRole | null;
}

/** Who is behind an entered transaction, as the database knows it at that moment. */
export interface Identity {
  readonly tenantId: string;
  readonly tenantName: string;
  readonly userId: string | null;
  readonly userName: string | null;
  readonly userEmail: string | null;
  readonly role: TenantRole | null;
  readonly scopes: readonly string[];
  /** Ids of the only projects that the credential reaches; null: all that the person does. */
  readonly projects: readonly string[] | null;
}

/**
 * By what a call is made. A grant's access token may carry fewer scopes than the grant; a session is a person's browser and
 * carries none.
 */
export type Credential =
  | { readonly kind: 'api_token' | 'session' | 'executor' | 'system'; readonly id: string }
  | {
      readonly kind: 'oauth';
      readonly id: string;
      readonly scopes: readonly string[];
      /** When the access token ends, Unix ms. Its grant lives longer. */
      readonly expiresAtMs: number;
    };

/**
 * A credential whose secret was checked, and the call that it makes. It proves nothing about being alive: that is
 * decided by `app.enter` in each transaction, so that a revocation holds on the next request.
 */
export interface Principal {
  readonly tenantId: string;
  readonly userId: string | null;
  readonly credential: Credential;
  readonly needs: Needs;
  readonly requestId: string;
  readonly address: string | null;
  readonly userAgent: string | null;
  /** The call that this principal makes; the first successful entry writes its audit event. */
  readonly record?: CallRecord;
  /** Called at each successful entry. */
  readonly entered?: (identity: Identity) => void;
}
