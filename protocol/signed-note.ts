/**
 * Signed notes (C2SP, c2sp.org/signed-note): a text that people read and programs verify. It ends in a newline; after an empty
 * line follow its signatures, one a line: `— <key name> <base64 of key id and signature>`. Signatures are Ed25519 (RFC 8032)
 * over the bytes of the text. WebCrypto does the work, so the same file serves Node and the Worker.
 */

import { hex } from './hex.ts';

const ED25519 = 0x01;
const KEY_ID_BYTES = 4;
const PUBLIC_KEY_BYTES = 32;
/** Of what is opened: whoever hands us a note chooses its length. */
const NOTE_CHARS_MAX = 64 * 1024;
const SIGNATURES_MAX = 100;
const SIGNATURE_MARK = '\u2014 ';
const PRIVATE_MARK = 'PRIVATE+KEY+';
/** What stands before the seed in a PKCS #8 key of Ed25519 (RFC 8410, section 7). */
const PKCS8_PREFIX = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);

/** A key that notes are verified with. Written as `<name>+<key id, 8 hex digits>+<base64>`. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: string;
  verify(text: string, signature: Uint8Array): Promise<boolean>;
}

export interface NoteSigner {
  readonly name: string;
  readonly keyId: string;
  sign(text: string): Promise<Uint8Array>;
}

export type NoteOpened =
  /** `by` lists the trusted keys that signed it, as `<name>+<key id>`. */
  | { readonly ok: true; readonly text: string; readonly by: readonly string[] }
  /** `invalid`: a line claims one of the trusted keys, and that key did not sign this text. */
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown_key' | 'invalid' };

/** Makes a pair of keys, each as one line of text; a name has no space and no plus sign. */
export async function makeNoteKeys(name: string): Promise<{ privateKey: string; publicKey: string }> {
  if (!isKeyName(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a key`);
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('publicKey' in pair)) throw new TypeError('Ed25519 gives a pair of keys');
  const publicBytes = new Uint8Array((await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer);
  const pkcs8 = new Uint8Array((await crypto.subtle.exportKey('pkcs8', pair.privateKey)) as ArrayBuffer);
  const id = await keyIdOf(name, publicBytes);
  return {
    privateKey: `${PRIVATE_MARK}${name}+${id}+${encode(withType(pkcs8.subarray(PKCS8_PREFIX.length)))}`,
    publicKey: `${name}+${id}+${encode(withType(publicBytes))}`,
  };
}

/** Null where the text is no public key of Ed25519, or its id is not that of name and key. */
export async function readNoteVerifier(text: string): Promise<NoteVerifier | null> {
  const parts = readKey(text);
  if (parts === null || (await keyIdOf(parts.name, parts.key)) !== parts.keyId) return null;
  const key = await crypto.subtle.importKey('raw', parts.key, 'Ed25519', false, ['verify']);
  return {
    name: parts.name,
    keyId: parts.keyId,
    verify: (signed, signature) =>
      crypto.subtle.verify('Ed25519', key, Uint8Array.from(signature), utf8(signed)),
  };
}

/** Null where the text is no private key of Ed25519. */
export async function readNoteSigner(text: string): Promise<NoteSigner | null> {
  if (!text.startsWith(PRIVATE_MARK)) return null;
  const parts = readKey(text.slice(PRIVATE_MARK.length));
  if (parts === null) return null;
  const pkcs8 = Uint8Array.from([...PKCS8_PREFIX, ...parts.key]);
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
  return {
    name: parts.name,
    keyId: parts.keyId,
    sign: async (signed) => new Uint8Array(await crypto.subtle.sign('Ed25519', key, utf8(signed))),
  };
}

/** The note with one more signature; `note` is a text without any, or a note of the same form. */
export async function signNote(note: string, signer: NoteSigner): Promise<string> {
  const split = splitNote(note);
  const text = split?.text ?? note;
  if (!isText(text)) throw new TypeError('a note ends in a newline and has no other control characters');
  const id = Uint8Array.from(signer.keyId.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  const signature = encode(Uint8Array.from([...id, ...(await signer.sign(text))]));
  const line = `${SIGNATURE_MARK}${signer.name} ${signature}\n`;
  return split === null ? `${text}\n${line}` : `${note}${line}`;
}

/**
 * The text of a note that at least one trusted key signed. Signatures of other keys are passed over, so that a note can carry
 * those of an old and a new key; one that claims a trusted key has to be its signature.
 */
export async function openNote(note: string, trusted: readonly NoteVerifier[]): Promise<NoteOpened> {
  const split = splitNote(note);
  if (split === null) return { ok: false, reason: 'malformed' };
  const by = new Set<string>();
  for (const { name, keyId, signature } of split.signatures) {
    const key = trusted.find((each) => each.name === name && each.keyId === keyId);
    if (key === undefined) continue;
    if (!(await key.verify(split.text, signature))) return { ok: false, reason: 'invalid' };
    by.add(`${name}+${keyId}`);
  }
  return by.size === 0 ? { ok: false, reason: 'unknown_key' } : { ok: true, text: split.text, by: [...by] };
}

/** The keys that a note claims to be signed by, as `<name>+<key id>`; null where it is no note. */
export function signersOf(note: string): readonly string[] | null {
  return splitNote(note)?.signatures.map(({ name, keyId }) => `${name}+${keyId}`) ?? null;
}

interface Split {
  readonly text: string;
  readonly signatures: readonly {
    readonly name: string;
    readonly keyId: string;
    readonly signature: Uint8Array;
  }[];
}

function splitNote(note: string): Split | null {
  const at = note.lastIndexOf('\n\n');
  if (at < 0 || note.length > NOTE_CHARS_MAX || !note.endsWith('\n')) return null;
  const text = note.slice(0, at + 1);
  const lines = note.slice(at + 2, -1).split('\n');
  if (!isText(text) || lines.length > SIGNATURES_MAX) return null;
  const signatures = lines.flatMap(readSignature);
  return signatures.length === lines.length ? { text, signatures } : null;
}

function readSignature(line: string): Split['signatures'] {
  const [name = '', encoded = '', ...more] = line.slice(SIGNATURE_MARK.length).split(' ');
  const bytes = decode(encoded);
  if (!line.startsWith(SIGNATURE_MARK) || !isKeyName(name) || more.length > 0) return [];
  if (bytes === null || bytes.length <= KEY_ID_BYTES) return [];
  return [{ name, keyId: hex(bytes.subarray(0, KEY_ID_BYTES)), signature: bytes.subarray(KEY_ID_BYTES) }];
}

function readKey(text: string): { name: string; keyId: string; key: Uint8Array<ArrayBuffer> } | null {
  const [, name = '', keyId = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [];
  const bytes = decode(encoded);
  if (!isKeyName(name) || bytes?.[0] !== ED25519 || bytes.length !== 1 + PUBLIC_KEY_BYTES) return null;
  return { name, keyId, key: bytes.slice(1) };
}

/** The first four bytes of SHA-256 over name, newline, type and key. */
async function keyIdOf(name: string, publicKey: Uint8Array): Promise<string> {
  const named = Uint8Array.from([...utf8(`${name}\n`), ...withType(publicKey)]);
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', named)).subarray(0, KEY_ID_BYTES));
}

const withType = (key: Uint8Array) => Uint8Array.from([ED25519, ...key]);
const utf8 = (text: string) => new TextEncoder().encode(text);
const isKeyName = (name: string) => name !== '' && name.length <= 200 && !/[\s+\p{Cc}]/u.test(name);
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const isText = (text: string) => text.endsWith('\n') && !/[\u0000-\u0009\u000b-\u001f]/.test(text);

function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function decode(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    return encode(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}
