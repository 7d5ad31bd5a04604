/** How to draw a key, as every remedy says it. */
export const DRAW_KEY = 'draw another: openssl rand 32 | basenc --base64url | tr -d =';

const KEY = /^[A-Za-z0-9_-]{43}$/;
/** Of 43 characters that were drawn at random some 31 differ; fewer than this many happen once in 10^14 keys. */
const DISTINCT_CHARS_MIN = 18;

/**
 * What is wrong with keys, by the names of their settings: each must be 32 bytes as base64url, drawn at random (no example,
 * repetition, sequence or passphrase), and serve one purpose. No sentence holds a part of a key. Pure.
 */
export function judgeKeys(keys: Readonly<Record<string, string>>): readonly string[] {
  const named = Object.entries(keys);
  return named.flatMap(([name, key], index) => {
    const twin = named.slice(0, index).find(([, other]) => other === key);
    if (twin !== undefined)
      return [`${name} is the same as ${twin[0]}, and a key serves one purpose: ${DRAW_KEY}`];
    const fault = faultOf(key);
    return fault === null ? [] : [`${name} ${fault}: ${DRAW_KEY}`];
  });
}

function faultOf(key: string): string | null {
  if (!KEY.test(key)) return 'is not 32 bytes as base64url (43 characters)';
  if (new Set(key).size < DISTINCT_CHARS_MIN) return 'is an example or repeats itself, and can be guessed';
  const bytes = [...atob(key.replaceAll('-', '+').replaceAll('_', '/'))].map((byte) => byte.charCodeAt(0));
  const steps = new Set(bytes.slice(1).map((byte, index) => (byte - (bytes[index] ?? 0) + 256) % 256));
  if (steps.size <= 2) return 'is a sequence, and can be guessed';
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
    ? 'was typed and not drawn, and can be guessed'
    : null;
}
