/** Archives in the form that every tar reads (POSIX 1003.1, ustar): regular files alone, whoever unpacks owns them. */

const BLOCK = 512;
const NAME_BYTES_MAX = 100;
const BYTES_MAX = 0o77777777777;
/** Two empty blocks end an archive. */
export const TAR_END = new Uint8Array(2 * BLOCK);

/** The header of a file; `name` is ASCII and at most 100 bytes, and a file less than 8 GiB. */
export function tarHeader(name: string, bytes: number, modifiedAtMs: number): Uint8Array<ArrayBuffer> {
  if (!isName(name)) throw new RangeError(`${name} is no name for tar`);
  if (bytes > BYTES_MAX) throw new RangeError(`${name} is too long for tar`);
  const header = new Uint8Array(BLOCK);
  const put = (text: string, at: number) => header.set(new TextEncoder().encode(text), at);
  put(name, 0);
  put('0000644\0', 100);
  put('0000000\0', 108);
  put('0000000\0', 116);
  put(`${bytes.toString(8).padStart(11, '0')}\0`, 124);
  put(
    `${Math.floor(modifiedAtMs / 1000)
      .toString(8)
      .padStart(11, '0')}\0`,
    136,
  );
  put('        ', 148);
  put('0', 156);
  put('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function isName(name: string): boolean {
  return name.length <= NAME_BYTES_MAX && /^[\x21-\x7e]+$/.test(name);
}

/** What fills a file's last block. */
export function tarPadding(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((BLOCK - (bytes % BLOCK)) % BLOCK);
}

/**
 * The name and length in a header; null where it is the end, and an error where it is not, byte for byte, the header that we
 * make of these: a prefix of the name, a mode or a link that nobody judged would count where it is unpacked.
 */
export function readTarHeader(header: Uint8Array): { readonly name: string; readonly bytes: number } | null {
  if (header.length !== BLOCK) throw new Error('the archive is cut');
  if (header.every((byte) => byte === 0)) return null;
  const text = (from: number, length: number) =>
    new TextDecoder('latin1').decode(header.subarray(from, from + length)).split('\0')[0] ?? '';
  const name = text(0, NAME_BYTES_MAX);
  const [bytes, seconds] = [text(124, 12), text(136, 12)].map((octal) => Number.parseInt(octal, 8));
  const ours = isName(name) ? tarHeader(name, bytes ?? Number.NaN, (seconds ?? Number.NaN) * 1000) : null;
  if (ours === null || bytes === undefined || !ours.every((byte, at) => byte === header[at]))
    throw new Error('the archive holds something else than files');
  return { name, bytes };
}
