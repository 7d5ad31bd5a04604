const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The fields of a form or query (application/x-www-form-urlencoded); null where it is not valid UTF-8, spelled out or
 * percent-encoded, or holds a NUL. The parser of the platform would put other characters in their place.
 */
export function parseForm(given: Uint8Array | string): URLSearchParams | null {
  try {
    const text = typeof given === 'string' ? given : decoder.decode(given);
    return isDecodable(text) ? new URLSearchParams(text) : null;
  } catch {
    return null;
  }
}

/** Whether percent-encoded text stands for Unicode text without NUL. */
export function isDecodable(text: string): boolean {
  if (!text.includes('%')) return true;
  try {
    return !decodeURIComponent(text).includes('\0');
  } catch {
    return false;
  }
}
