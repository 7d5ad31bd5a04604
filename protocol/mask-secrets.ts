/**
 * Takes secrets out of a text that is about to be logged. What a secret looks like is defined here and nowhere else:
 * our own formats, common formats of others, and the values that this process was given. It is the second line of
 * defence: callers already log nothing that should hold a secret.
 */
interface SecretForm {
  readonly what: string;
  /** In lower case: a text that holds none of these holds no such secret. Most texts hold none of any, and are seen through at once. */
  readonly signs: readonly string[];
  /**
   * Takes time linear in the text: each repetition is bounded, or nothing has to follow it, so that what it has read is masked
   * and never read again. Where a word may stand before it, it begins in the middle of one: the `n` of an escaped line feed
   * and the digits of `%20` are letters too.
   */
  readonly pattern: RegExp;
  readonly shown: string;
}

const MASK = '***';

export const SECRET_FORMS: readonly SecretForm[] = [
  {
    what: 'a private key (PEM)',
    signs: ['private key-----'],
    pattern:
      /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-"\\]*(?:\\+[rn][^-"\\]*)*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
    shown: `-----PRIVATE KEY ${MASK}-----`,
  },
  {
    what: 'a JWT, or a statement that we sealed',
    signs: ['eyj'],
    pattern: /(?<=^|\W|\\[bfnrt]|%[\da-fA-F]{2})eyJ[\w-]{5,}(?:\.[\w-]+){0,4}/g,
    shown: MASK,
  },
  {
    what: 'an API token',
    signs: ['btk_'],
    pattern: /btk_[0-9a-z]{8}[\w-]*/g,
    shown: `btk_${MASK}`,
  },
  {
    what: 'a code, a refresh token, a secret of a device or client, a join token',
    signs: ['cac_', 'crt_', 'cdc_', 'ccs_', 'join_'],
    pattern: /(?<=^|\W|\\[bfnrt]|%[\da-fA-F]{2})(cac|crt|cdc|ccs|join)_[\w-]{16,}/g,
    shown: `$1_${MASK}`,
  },
  {
    what: 'an envelope',
    signs: ['v1.'],
    pattern: /v1\.[\w-]{8}\.[\w-]{38,}/g,
    shown: `v1.${MASK}`,
  },
  {
    what: 'a hash of a password',
    signs: ['$argon2'],
    pattern: /\$argon2(?:id|i|d)\$[\w$=,+/-]+/g,
    shown: `$argon2$${MASK}`,
  },
  {
    what: 'who logs in, in an address',
    signs: ['://'],
    pattern: /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#"'<>\\]{1,2000}@/gi,
    shown: `$1${MASK}@`,
  },
  {
    what: 'a secret in the query of an address, or in a form',
    signs: ['=', '%3d'],
    pattern:
      /((?:^|[?&=\s"'({,;]|\\[nrt]|%(?:20|22|26|3f))(?:access_token|refresh_token|id_token|token|code|device_code|client_secret|code_verifier|password|passphrase|secret|api_key|signature|x-amz-signature|x-amz-credential|x-amz-security-token)(?:=|%3d))[^&\s"'#\\]+/gi,
    shown: `$1${MASK}`,
  },
  {
    what: 'a header that proves somebody',
    signs: ['authorization', 'cookie', 'x-api-key'],
    pattern:
      /((?:proxy-)?authorization|set-cookie|cookie|x-api-key)(\\?["']?\s{0,5}[:=,]\s{0,5}\\?["']?)[^\r\n"'\\]+/gi,
    shown: `$1$2${MASK}`,
  },
  {
    what: 'a credential of HTTP',
    signs: ['bearer', 'basic', 'dpop'],
    pattern: /(bearer|basic|dpop)(?:\s|%20|\+){1,5}[\w.~+/-]{16,}=*/gi,
    shown: `$1 ${MASK}`,
  },
  {
    what: 'a cookie of ours',
    signs: ['__host-'],
    pattern: /(__Host-[\w-]{1,40}=)[^;\s"'\\]+/g,
    shown: `$1${MASK}`,
  },
];

/** Names of fields whose value is a secret, whatever it looks like. */
const SECRET_FIELD =
  /(?:^|[_-])(?:pass(?:word|phrase|wd)?|secret|token|authorization|cookie|private_?key|api_?key|access_?key|seal_?key|context_?key|csrf|otp)$/i;
const VALUE_CHARS_MIN = 8;

const known = new Set<string>();

/**
 * From now on masks `values`, the secrets that this process was given, in every text; percent-encoded as well, as they
 * stand in a URL.
 */
export function knowSecrets(values: readonly (string | undefined)[]): void {
  for (const value of values) {
    if (value === undefined || value.length < VALUE_CHARS_MIN) continue;
    known.add(value);
    known.add(encodeURIComponent(value));
  }
}

/** The text without what looks like a secret or is one. */
export function maskSecrets(text: string): string {
  let masked = text;
  for (const value of known) masked = masked.replaceAll(value, MASK);
  const lower = text.toLowerCase();
  for (const { signs, pattern, shown } of SECRET_FORMS)
    if (signs.some((sign) => lower.includes(sign))) masked = masked.replace(pattern, shown);
  return masked;
}

/** The same for one field of a record. */
export function maskField(name: string, value: unknown): unknown {
  if (value !== '' && value !== undefined && SECRET_FIELD.test(name.replace(/([a-z])([A-Z])/g, '$1_$2')))
    return MASK;
  return typeof value === 'string' ? maskSecrets(value) : value;
}
