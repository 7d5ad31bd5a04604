import { newSecret } from '../../protocol/secret.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';

/** What each kind of secret begins with, so that a scanner and a person can tell what they found. */
const PREFIXES = { code: 'cac_', refresh: 'crt_', device: 'cdc_', client: 'ccs_' } as const;

/** A new opaque secret with 256 random bits, and the SHA-256 that is stored of it. */
export async function newOpaque(kind: keyof typeof PREFIXES): Promise<{ text: string; sha256: string }> {
  const text = PREFIXES[kind] + newSecret();
  return { text, sha256: await sha256Hex(utf8(text)) };
}

/** The SHA-256 by which a presented secret is looked up; null where it has not the form of its kind. */
export async function digestOfOpaque(kind: keyof typeof PREFIXES, text: string): Promise<string | null> {
  return new RegExp(`^${PREFIXES[kind]}[A-Za-z0-9_-]{43}$`).test(text) ? sha256Hex(utf8(text)) : null;
}
