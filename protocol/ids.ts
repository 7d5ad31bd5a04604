import { z } from 'zod';

/**
 * Every id is text: a prefix that says what it names, `_`, and a UUIDv7 (RFC 9562, section 5.7) in 26 characters of
 * lowercase Crockford base32. The same text stands in tables, tools, logs and links, and sorts by time of creation.
 */
export const ID_PREFIXES = {
  tenant: 'ten',
  user: 'usr',
  token: 'tok',
  project: 'prj',
  run: 'run',
  executor: 'exe',
  pool: 'pol',
  source: 'dat',
  snapshot: 'snp',
  upload: 'upl',
  request: 'req',
  event: 'evt',
  session: 'ses',
  invitation: 'inv',
  client: 'cli',
  grant: 'gra',
  sink: 'snk',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;
/** An id whose form was checked; only {@link newId} and {@link parseId} make one. */
export type Id<Kind extends IdKind> = string & { readonly __kind: Kind };

export type TenantId = Id<'tenant'>;
export type UserId = Id<'user'>;
export type TokenId = Id<'token'>;
export type ProjectId = Id<'project'>;
export type RunId = Id<'run'>;
export type ExecutorId = Id<'executor'>;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** The regular expression source of an id of `kind`, for schemas and CHECK constraints. */
export function idPattern(kind: IdKind): string {
  return `^${ID_PREFIXES[kind]}_[0-7][0-9a-hjkmnp-tv-z]{25}$`;
}

/** A zod schema that accepts ids of one kind and brands them. */
export function idSchema<Kind extends IdKind>(kind: Kind) {
  return z
    .string()
    .regex(new RegExp(idPattern(kind)), `expected an id like ${ID_PREFIXES[kind]}_…`)
    .transform((text) => text as Id<Kind>);
}

/** A new id: 48 bits of Unix time in ms, then 74 random bits. `now` and `random` (10 bytes) are parameters for tests. */
export function newId<Kind extends IdKind>(
  kind: Kind,
  now: number = Date.now(),
  random: Uint8Array = crypto.getRandomValues(new Uint8Array(10)),
): Id<Kind> {
  const uuid = new Uint8Array(16);
  const view = new DataView(uuid.buffer);
  view.setUint16(0, now / 2 ** 32);
  view.setUint32(2, now % 2 ** 32);
  uuid.set(random, 6);
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f));
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
  return `${ID_PREFIXES[kind]}_${base32(uuid)}` as Id<Kind>;
}

/** 16 bytes as 26 characters of five bits each; the first one has two bits of nothing before its own. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let bitCount = 2;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    for (bitCount += 8; bitCount >= 5; bitCount -= 5) text += ALPHABET.charAt((bits >> (bitCount - 5)) & 31);
    bits &= 31;
  }
  return text;
}

/** `text` as an id of `kind`, or null where it has not the form of one. */
export function parseId<Kind extends IdKind>(kind: Kind, text: string): Id<Kind> | null {
  return new RegExp(idPattern(kind)).test(text) ? (text as Id<Kind>) : null;
}
