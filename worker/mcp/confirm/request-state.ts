import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { sha256Hex, utf8 } from '../../blobs/sha256.ts';
import { type SealKey, type SealPurpose, seal, unseal } from '../../seal/seal.ts';
import { canonicalJson } from '../../tenants/idempotency.ts';
import type { Principal } from '../../tenants/principal.ts';

/** The call that a sealed state belongs to: by whom, of which tool, with which arguments. */
export interface StateOwner {
  readonly principal: Principal;
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

interface Claim<Payload> {
  readonly tenant: string;
  readonly credential: string;
  readonly tool: string;
  readonly arguments: string;
  readonly payload: Payload;
}

export const STATE_LIFETIME_MS = 10 * 60_000;

/**
 * Seals what a call wants to find again when the client makes it once more (`requestState`, MCP 2026-07-28, "Multi
 * Round-Trip Requests"), or when it comes with a confirmation. It passes through the client, which can read it and change
 * nothing, and is worth nothing to another credential, for another tool or arguments, or after ten minutes.
 */
export async function mintRequestState<Payload>(
  key: SealKey,
  owner: StateOwner,
  payload: Payload,
  purpose: SealPurpose = 'request state',
): Promise<string> {
  return seal<Claim<Payload>>(key, purpose, { ...(await ownerOf(owner)), payload }, STATE_LIFETIME_MS);
}

/** What was sealed for this very call; null where this text was not. */
export async function openRequestState<Payload>(
  key: SealKey,
  owner: StateOwner,
  text: string,
  purpose: SealPurpose = 'request state',
): Promise<Payload | null> {
  const opened = await unseal<Claim<Payload>>(key, purpose, text);
  if (!opened.ok) return null;
  const { payload, ...claimed } = opened.claim;
  return canonicalJson(claimed) === canonicalJson(await ownerOf(owner)) ? payload : null;
}

/** The answer to a state that is changed, expired, used, or another call's: which of these is not told. */
export function invalidState(): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, 'Invalid or expired requestState', {
    reason: 'invalid_request_state',
  });
}

async function ownerOf({ principal, tool, input }: StateOwner): Promise<Omit<Claim<never>, 'payload'>> {
  const { tenantId, credential } = principal;
  return {
    tenant: tenantId,
    credential: `${credential.kind} ${credential.id}`,
    tool,
    arguments: await sha256Hex(utf8(canonicalJson(input))),
  };
}
