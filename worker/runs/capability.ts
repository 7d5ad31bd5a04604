import type { RunId, TenantId } from '../../protocol/ids.ts';
import { type SealPurpose, seal, unseal } from '../seal/seal.ts';
import type { Credential } from '../tenants/principal.ts';

/**
 * Of which attempt something is granted. `run`: to upload its blobs and feed its output. `blob:get`: to read what its manifest
 * names, of that tenant, while it is held.
 */
export interface RunClaim {
  readonly pool: string;
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly fence: number;
}

/** What a download link opens: an output of a run, for as long as the credential that made the link may see the run. */
export interface DownloadClaim {
  readonly tenant: string;
  readonly user: string | null;
  readonly credential: Credential;
  readonly run: string;
  readonly sha256: string;
  readonly name: string;
  readonly type: string;
}

interface Claims {
  run: RunClaim;
  'blob:get': RunClaim;
  download: DownloadClaim;
}

export type CapabilityKind = keyof Claims & SealPurpose;

/** A capability outlives the wall time of its run by this, for fetching, harvest, upload and a lost socket. */
const OVERHEAD_MS = 10 * 60_000;
export const DOWNLOAD_LIFETIME_MS = 15 * 60_000;

export function grant<Kind extends CapabilityKind>(
  key: CryptoKey,
  kind: Kind,
  claim: Claims[Kind],
  lifetimeMs: number,
): Promise<string> {
  return seal(key, kind, claim, lifetimeMs);
}

export function jobLifetimeMs(wallMs: number): number {
  return wallMs + OVERHEAD_MS;
}

export type Opened<Kind extends CapabilityKind> =
  | { readonly ok: true; readonly claim: Claims[Kind] }
  | { readonly ok: false; readonly reason: 'absent' | 'forged' | 'expired' };

/** The claim of a capability that this deployment granted for `kind` and whose time is not over. */
export async function open<Kind extends CapabilityKind>(
  key: CryptoKey,
  kind: Kind,
  capability: string | null,
  now: number = Date.now(),
): Promise<Opened<Kind>> {
  if (capability === null) return { ok: false, reason: 'absent' };
  return unseal<Claims[Kind]>(key, kind, capability, now);
}
