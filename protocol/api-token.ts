import { ID_PREFIXES, parseId, type TenantId, type TokenId } from './ids.ts';

/**
 * An API token: `btk_<tenant><token>_<secret><checksum>`. The first 52 characters route it (ids without their
 * prefixes), the secret is 256 random bits in 43 characters of base64url, and the checksum is CRC-32 (IEEE 802.3) over
 * all before it in 6 characters of base62, so that a secret scanner has no false finds and a mistyped token is refused
 * before anything is looked up.
 */
export interface ApiToken {
  readonly tenant: TenantId;
  readonly token: TokenId;
  readonly secret: string;
}

const FORM = /^btk_([0-9a-z]{26})([0-9a-z]{26})_([A-Za-z0-9_-]{43})([0-9A-Za-z]{6})$/;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_BODY = 4;

/** The token as its owner sees it, once. `secret` is what `newSecret` makes. */
export function formatApiToken({ tenant, token, secret }: ApiToken): string {
  const text = `btk_${tenant.slice(ID_BODY)}${token.slice(ID_BODY)}_${secret}`;
  return text + checksum(text);
}

/** The parts of `text`, or null where it is not a token that was ever issued in this form. */
export function parseApiToken(text: string): ApiToken | null {
  const parts = FORM.exec(text);
  if (parts === null) return null;
  const [, tenantBody = '', tokenBody = '', secret = '', sum = ''] = parts;
  const tenant = parseId('tenant', `${ID_PREFIXES.tenant}_${tenantBody}`);
  const token = parseId('token', `${ID_PREFIXES.token}_${tokenBody}`);
  if (tenant === null || token === null || checksum(text.slice(0, -6)) !== sum) return null;
  return { tenant, token, secret };
}

function checksum(text: string): string {
  let value = crc32(new TextEncoder().encode(text));
  let digits = '';
  for (let index = 0; index < 6; index++) {
    digits = BASE62.charAt(value % 62) + digits;
    value = Math.floor(value / 62);
  }
  return digits;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
