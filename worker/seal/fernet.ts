import { decodeBase64url, encodeBase64url } from '../../protocol/base64url.ts';

/**
 * Fernet tokens (github.com/fernet/spec, version 0x80), for secrets that another system holds in that form: AES-128-CBC
 * and HMAC-SHA256 over version, time, IV and ciphertext. Causeway's own secrets are envelopes (decision 0203).
 */
export interface FernetKey {
  readonly signing: Key;
  readonly encryption: Key;
}

export type OpenedFernet =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly madeAt: Date }
  | {
      readonly ok: false;
      /** `forged` is also a token of another key; nothing more is told of one whose signature does not hold. */
      readonly reason: 'malformed' | 'forged' | 'expired' | 'from_the_future' | 'unreadable';
    };

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const VERSION = 0x80;
const IV_AT = 9;
const CIPHERTEXT_AT = 25;
const BLOCK_BYTES = 16;
const MAC_BYTES = 32;
/** The clock of who made a token may be so much ahead (MAX_CLOCK_SKEW of the reference implementation). */
const SKEW_MS = 60_000;

/** A key as Fernet spells it: base64url of 32 bytes, half to sign with and half to encrypt. */
export async function importFernetKey(text: string): Promise<FernetKey> {
  const bytes = decodePadded(text);
  if (bytes?.byteLength !== 32) throw new Error('a Fernet key is 32 bytes of base64url');
  const [signing, encryption] = await Promise.all([
    crypto.subtle.importKey('raw', bytes.slice(0, 16), { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
      'verify',
    ]),
    crypto.subtle.importKey('raw', bytes.slice(16), 'AES-CBC', false, ['encrypt', 'decrypt']),
  ]);
  return { signing, encryption };
}

export async function sealFernet(
  key: FernetKey,
  bytes: Uint8Array<ArrayBuffer>,
  now: number = Date.now(),
  iv: Uint8Array<ArrayBuffer> = crypto.getRandomValues(new Uint8Array(BLOCK_BYTES)),
): Promise<string> {
  const ciphertext = await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key.encryption, bytes);
  const signed = new Uint8Array(CIPHERTEXT_AT + ciphertext.byteLength);
  signed[0] = VERSION;
  new DataView(signed.buffer).setBigUint64(1, BigInt(Math.floor(now / 1000)));
  signed.set(iv, IV_AT);
  signed.set(new Uint8Array(ciphertext), CIPHERTEXT_AT);
  const mac = await crypto.subtle.sign('HMAC', key.signing, signed);
  const text = encodeBase64url(new Uint8Array([...signed, ...new Uint8Array(mac)]));
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}

/** What a token holds. With `lifetimeMs` one that is older is refused; the signature is compared in constant time, first. */
export async function openFernet(
  key: FernetKey,
  token: string,
  { lifetimeMs, now = Date.now() }: { readonly lifetimeMs?: number; readonly now?: number } = {},
): Promise<OpenedFernet> {
  const bytes = decodePadded(token);
  const ciphertextBytes = (bytes?.byteLength ?? 0) - CIPHERTEXT_AT - MAC_BYTES;
  if (bytes === null || bytes[0] !== VERSION || ciphertextBytes < 0) return refuse('malformed');
  const signed = bytes.slice(0, -MAC_BYTES);
  if (!(await crypto.subtle.verify('HMAC', key.signing, bytes.slice(-MAC_BYTES), signed)))
    return refuse('forged');
  const madeMs = Number(new DataView(bytes.buffer).getBigUint64(1)) * 1000;
  if (lifetimeMs !== undefined && madeMs + lifetimeMs < now) return refuse('expired');
  if (madeMs > now + SKEW_MS) return refuse('from_the_future');
  try {
    const iv = bytes.slice(IV_AT, CIPHERTEXT_AT);
    const opened = await crypto.subtle.decrypt(
      { name: 'AES-CBC', iv },
      key.encryption,
      signed.slice(CIPHERTEXT_AT),
    );
    return { ok: true, bytes: new Uint8Array(opened), madeAt: new Date(madeMs) };
  } catch {
    return refuse('unreadable');
  }
}

function refuse(reason: Exclude<OpenedFernet, { ok: true }>['reason']): OpenedFernet {
  return { ok: false, reason };
}

/** Base64url with its padding, as the specification demands. */
function decodePadded(text: string): Uint8Array<ArrayBuffer> | null {
  return text.length % 4 === 0 ? decodeBase64url(text.replace(/={1,2}$/, '')) : null;
}
