import type { ProtocolError, Result } from '@modelcontextprotocol/server';
import type { Refusal } from '../http/refusal.ts';
import type { RefusedText } from '../input/refused-text.ts';
import type { Needs } from '../tenants/principal.ts';
import type { Offer } from './offer.ts';
import type { ToolContext } from './tool.ts';

/** A request whose form was accepted: what it needs of the credential, and its work. */
export interface AcceptedRequest {
  /** Its name in the request log: a tool, a family of resources, a prompt; else null. Never text that a client made up. */
  readonly target: string | null;
  readonly needs: Needs;
  /** What it takes of its credential's rate. */
  readonly cost: number;
  /** Its first act on the outside is to enter the tenant, which proves the credential alive. Throws {@link Refusal}. */
  readonly run: (context: ToolContext) => Promise<Result>;
}

/** The verdict on a request's form, before anything of the tenant is looked at. */
export type Judged =
  | { readonly ok: true; readonly request: AcceptedRequest }
  | { readonly ok: false; readonly target: string | null; readonly reason: Refusal | ProtocolError };

/** A kind of request that works in the tenant: how its form is judged, and how a refusal is told in its protocol form. */
export interface RequestKind {
  /** What the audit log calls a request of this kind, and what it names. */
  readonly audited: { readonly action: string; readonly kind: string };
  /** What of `params` is the input of which the audit log keeps a digest. */
  readonly inputOf: (params: unknown) => unknown;
  /** Pure. `params` are whatever the client sent. */
  readonly judge: (params: unknown, offer: Offer, refused: RefusedText) => Judged;
  /** The result that tells the refusal, or throws the protocol's error. */
  readonly refuse: (refusal: Refusal, requestId: string, params: unknown) => Result;
}

export function accepted(request: Omit<AcceptedRequest, 'cost'> & { readonly cost?: number }): Judged {
  return { ok: true, request: { cost: 1, ...request } };
}

export function refused(reason: Refusal | ProtocolError, target: string | null = null): Judged {
  return { ok: false, target, reason };
}

/** `params` as an object to read from; empty where the client sent none. */
export function asRecord(params: unknown): Readonly<Record<string, unknown>> {
  return typeof params === 'object' && params !== null ? (params as Record<string, unknown>) : {};
}
