const CHUNK_BYTES = 32 * 1024;

/** Base64 (RFC 4648, section 4) with padding. Goes by chunks: an argument list holds no megabytes. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let offset = 0; offset < bytes.byteLength; offset += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(offset, offset + CHUNK_BYTES));
  }
  return btoa(binary);
}
