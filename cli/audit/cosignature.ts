import {
  createPrivateKey,
  createPublicKey,
  hash,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';

/**
 * Cosignatures of witnesses (C2SP tlog-cosignature, `cosignature/v1`): Ed25519 over a line that says what it is, the time, and
 * the text of the checkpoint. In the note it stands as `— <name> <base64 of key id, time and signature>`.
 */

const COSIGNATURE = 0x04;
const SEED_BYTES = 32;
const PRIVATE_MARK = 'PRIVATE+KEY+';
/** What stands before the seed in PKCS #8, and before the key in SPKI (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export interface WitnessKey {
  readonly name: string;
  /** 4 bytes. */
  readonly id: Buffer;
  readonly key: KeyObject;
}

/** A new pair of keys, each as one line of text; a name has neither space nor plus sign. */
export function makeWitnessKeys(name: string): { readonly privateKey: string; readonly publicKey: string } {
  if (!/^[^\s+]{1,200}$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a key`);
  const seed = randomBytes(SEED_BYTES);
  const raw = rawPublic(privateOf(seed));
  const named = `${name}+${idOf(name, raw).toString('hex')}`;
  return {
    privateKey: `${PRIVATE_MARK}${named}+${typed(seed)}`,
    publicKey: `${named}+${typed(raw)}`,
  };
}

/** The witness's public key that a text is, or null. */
export function readWitnessKey(text: string): WitnessKey | null {
  const parts = readKey(text);
  if (parts === null || !idOf(parts.name, parts.bytes).equals(parts.id)) return null;
  const der = Buffer.concat([SPKI_PREFIX, parts.bytes]);
  return { name: parts.name, id: parts.id, key: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

/** The witness's private key that a text is, or null. */
export function readWitnessSigner(text: string): WitnessKey | null {
  if (!text.startsWith(PRIVATE_MARK)) return null;
  const parts = readKey(text.slice(PRIVATE_MARK.length));
  if (parts === null) return null;
  const key = privateOf(parts.bytes);
  return idOf(parts.name, rawPublic(key)).equals(parts.id) ? { name: parts.name, id: parts.id, key } : null;
}

/** The line by which a witness says that it saw this text, and nothing that contradicts it. */
export function cosign(text: string, { name, id, key }: WitnessKey, nowSeconds: number): string {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(nowSeconds));
  const signature = sign(null, signedBytes(text, nowSeconds), key);
  return `\u2014 ${name} ${Buffer.concat([id, time, signature]).toString('base64')}\n`;
}

/** When the witness cosigned the note, Unix seconds; null where it did not, or its line is wrong. */
export function cosignedAt(note: string, { name, id, key }: WitnessKey): number | null {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  for (const line of note.slice(end + 2).split('\n')) {
    const bytes = Buffer.from(line.startsWith(`\u2014 ${name} `) ? (line.split(' ')[2] ?? '') : '', 'base64');
    if (bytes.length !== 4 + 8 + 64 || !bytes.subarray(0, 4).equals(id)) continue;
    const at = Number(bytes.readBigUInt64BE(4));
    if (verify(null, signedBytes(text, at), key, bytes.subarray(12))) return at;
  }
  return null;
}

const signedBytes = (text: string, seconds: number) =>
  Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
const typed = (key: Buffer) => Buffer.concat([Buffer.of(COSIGNATURE), key]).toString('base64');
const privateOf = (seed: Buffer) =>
  createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
const rawPublic = (key: KeyObject) =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);

/** The first four bytes of SHA-256 over name, newline, type and key. */
function idOf(name: string, publicKey: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(COSIGNATURE), publicKey]);
  return hash('sha256', named, 'buffer').subarray(0, 4);
}

function readKey(text: string): { name: string; id: Buffer; bytes: Buffer } | null {
  const [, name = '', id = '', encoded = ''] =
    /^([^\s+]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes[0] !== COSIGNATURE || bytes.length !== 1 + SEED_BYTES) return null;
  return { name, id: Buffer.from(id, 'hex'), bytes: bytes.subarray(1) };
}
