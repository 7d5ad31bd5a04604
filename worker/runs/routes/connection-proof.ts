import { decodeBase64url } from '../../../protocol/base64url.ts';
import { CONNECT_WINDOW_SECONDS, EXECUTOR_SCHEME } from '../../../protocol/executor-identity.ts';
import { type ExecutorId, idPattern, parseId } from '../../../protocol/ids.ts';

/** What an executor shows to connect or to change its key; nothing of it is proven yet. */
export interface ConnectionProof {
  readonly executor: ExecutorId;
  readonly seconds: number;
  readonly nonce: string;
  readonly signature: Uint8Array<ArrayBuffer>;
}

export type ReadProof =
  | { readonly ok: true; readonly proof: ConnectionProof }
  | { readonly ok: false; readonly reason: 'absent' | 'malformed' | 'outside_window' };

const ID = idPattern('executor').slice(1, -1);
const FORM = new RegExp(
  `^${EXECUTOR_SCHEME} (${ID})\\.([0-9]{1,12})\\.([A-Za-z0-9_-]{16,64})\\.([A-Za-z0-9_-]{86})$`,
);

/** Reads an `Authorization` header (protocol/executor-identity.ts); `nowMs` is the Worker's clock. Pure. */
export function readProof(header: string | null, nowMs: number): ReadProof {
  if (header === null) return { ok: false, reason: 'absent' };
  const parts = FORM.exec(header);
  const executor = parseId('executor', parts?.[1] ?? '');
  const signature = decodeBase64url(parts?.[4] ?? '');
  if (parts === null || executor === null || signature === null) return { ok: false, reason: 'malformed' };
  const seconds = Number(parts[2]);
  if (Math.abs(nowMs / 1000 - seconds) > CONNECT_WINDOW_SECONDS)
    return { ok: false, reason: 'outside_window' };
  return { ok: true, proof: { executor, seconds, nonce: parts[3] ?? '', signature } };
}

/** Whether the holder of `publicKey` (raw Ed25519, base64url) signed the statement. */
export async function isSigned(
  statement: Uint8Array,
  signature: Uint8Array<ArrayBuffer>,
  publicKey: string,
): Promise<boolean> {
  const raw = decodeBase64url(publicKey);
  if (raw === null) return false;
  const key = await crypto.subtle.importKey('raw', raw, { name: 'Ed25519' }, false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, signature, new Uint8Array(statement));
}
