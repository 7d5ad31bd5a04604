import type { Output } from '../../../protocol/outcome.ts';

/** How an output is shown: small tables are read here, others in a sandbox; the rest is text, an image, or a link. */
export type OutputView = 'small_table' | 'large_table' | 'text' | 'image' | 'file';

const MIB = 1024 * 1024;
const SMALL_TABLE_BYTES_MAX = MIB;
const TEXT_BYTES_MAX = 2 * MIB;
const IMAGE_BYTES_MAX = MIB;

const TABLES = ['text/csv', 'text/tab-separated-values', 'application/vnd.apache.parquet'];
const IMAGES = ['image/png', 'image/jpeg'];
const TEXTS = ['application/json', 'application/jsonl', 'image/svg+xml'];

export function chooseView({ media_type: type, bytes }: Pick<Output, 'media_type' | 'bytes'>): OutputView {
  if (TABLES.includes(type))
    return type.startsWith('text/') && bytes <= SMALL_TABLE_BYTES_MAX ? 'small_table' : 'large_table';
  if (IMAGES.includes(type)) return bytes <= IMAGE_BYTES_MAX ? 'image' : 'file';
  if (isText(type)) return bytes <= TEXT_BYTES_MAX ? 'text' : 'file';
  return 'file';
}

/** Whether bytes begin as a PNG (its specification, section 5.2) or JPEG: a client must not be given something else as one. */
export function isImage(bytes: Uint8Array, type: string): boolean {
  const starts = type === 'image/png' ? [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] : [0xff, 0xd8, 0xff];
  return starts.every((byte, index) => bytes[index] === byte);
}

/** Whether a media type is of text that can be shown as lines; tables of text are. */
export function isText(type: string): boolean {
  return type.startsWith('text/') || TEXTS.includes(type);
}
