import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';

/** One file of a ZIP archive, as its central directory lists it. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
}

const inflate = promisify<Buffer, { chunkSize: number }, Buffer>(inflateRaw);

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const endBytes = 22;
const entryBytes = 46;
const headerBytes = 30;
const commentBytesMax = 0xffff;
const zip64Marker = 0xffffffff;

/**
 * The files of an archive (PKWARE APPNOTE 4.3.12 and 4.3.16). Wheels are small and hash-locked, so ZIP64, encryption and
 * spanning are not read but refused.
 * @throws Error for what is not such an archive
 */
export function listZip(zip: Buffer): ZipEntry[] {
  const end = findEnd(zip);
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  const entries: ZipEntry[] = [];
  for (let index = 0; index < count; index++) {
    if (zip.readUInt32LE(at) !== entrySignature)
      throw new Error('the central directory of the archive is damaged');
    const nameBytes = zip.readUInt16LE(at + 28);
    const entry = {
      name: zip.toString('utf8', at + entryBytes, at + entryBytes + nameBytes),
      method: zip.readUInt16LE(at + 10),
      crc: zip.readUInt32LE(at + 16),
      packedBytes: zip.readUInt32LE(at + 20),
      bytes: zip.readUInt32LE(at + 24),
      headerOffset: zip.readUInt32LE(at + 42),
    };
    if ([entry.packedBytes, entry.bytes, entry.headerOffset].includes(zip64Marker)) {
      throw new Error(`${entry.name} is in ZIP64 format, which is not read here`);
    }
    entries.push(entry);
    at += entryBytes + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

/** The content of one file, its length and checksum compared with what the directory says. */
export async function readZipEntry(zip: Buffer, entry: ZipEntry): Promise<Buffer> {
  const header = entry.headerOffset;
  const start = header + headerBytes + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const packed = zip.subarray(start, start + entry.packedBytes);
  if (entry.method !== 0 && entry.method !== 8)
    throw new Error(`${entry.name} is packed by method ${entry.method}`);
  const content =
    entry.method === 0 ? packed : await inflate(packed, { chunkSize: Math.max(64, entry.bytes) });
  if (content.length !== entry.bytes || crc32(content) !== entry.crc)
    throw new Error(`${entry.name} is damaged`);
  return content;
}

function findEnd(zip: Buffer): number {
  const lowest = Math.max(0, zip.length - endBytes - commentBytesMax);
  for (let at = zip.length - endBytes; at >= lowest; at--) {
    if (zip.readUInt32LE(at) === endSignature) return at;
  }
  throw new Error('this is no ZIP archive');
}
