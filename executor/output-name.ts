const DEPTH_MAX = 8;
const NAME_CHARS_MAX = 512;
const SHOWN_CHARS_MAX = 200;

/** Control and format characters (bidirectional overrides, zero width), line separators, private use, and backslash. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\\]/u;

/** A byte order mark is a character like any other here: without it the name would be that of another file. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** How a name that is refused may be shown: printable ASCII, everything else as `\xNN` of its bytes. */
export function showName(bytes: Uint8Array): string {
  let shown = '';
  for (const byte of bytes) {
    shown += byte >= 0x20 && byte < 0x7f && byte !== 0x5c ? String.fromCharCode(byte) : hexEscape(byte);
    if (shown.length > SHOWN_CHARS_MAX) return `${shown.slice(0, SHOWN_CHARS_MAX)}...`;
  }
  return shown;
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

export type NameCheck =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly shown: string; readonly reason: string };

/** Whether the path of an output below /outputs, given as its raw parts, is safe to show, to store and to link to. */
export function checkOutputName(parts: readonly Uint8Array[]): NameCheck {
  const bytes = Buffer.concat(
    parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from('/'), part])),
  );
  const refuse = (reason: string): NameCheck => ({ ok: false, shown: showName(bytes), reason });
  if (parts.length > DEPTH_MAX) return refuse(`it lies deeper than ${DEPTH_MAX} folders`);
  let name: string;
  try {
    name = decoder.decode(bytes);
  } catch {
    return refuse('its name is not UTF-8');
  }
  if (name.length > NAME_CHARS_MAX) return refuse(`its name is longer than ${NAME_CHARS_MAX} characters`);
  if (UNSAFE.test(name)) return refuse('its name has characters that are not shown as themselves');
  if (name.split('/').some((part) => part !== part.trim()))
    return refuse('its name begins or ends with a space');
  return { ok: true, name };
}

const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['csv', 'text/csv'],
  ['gif', 'image/gif'],
  ['html', 'text/html'],
  ['jpeg', 'image/jpeg'],
  ['jpg', 'image/jpeg'],
  ['json', 'application/json'],
  ['jsonl', 'application/jsonl'],
  ['md', 'text/markdown'],
  ['parquet', 'application/vnd.apache.parquet'],
  ['pdf', 'application/pdf'],
  ['png', 'image/png'],
  ['svg', 'image/svg+xml'],
  ['tsv', 'text/tab-separated-values'],
  ['txt', 'text/plain'],
  ['webp', 'image/webp'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['zip', 'application/zip'],
]);

/** By the name's extension alone: what a file says about itself is the program's word. */
export function mediaType(name: string): string {
  const extension = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase();
  return MEDIA_TYPES.get(extension ?? '') ?? 'application/octet-stream';
}
