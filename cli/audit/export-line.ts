import { z } from 'zod';
import { EXPORT_FORMAT } from '../../worker/audit/export-header.ts';

/*
 * An export is a file of JSON lines. The first is the header; each other is an entry, in the order of the leaves:
 * `{"index":0,"proof":[...],"event":{...}}`, where what stands for `event` is, byte for byte, the text whose hash is the
 * leaf; or, of an event whose time of retention is over, `"removed":"<its leaf hash>"`. Hashes are base64.
 */
const SAFE_SIZE_MAX = 2 ** 48;
const treeSize = z.number().int().min(0).max(SAFE_SIZE_MAX);
/** Base64 of 32 bytes in its one spelling: of its last character four bits count, and the others are zero. */
const treeHash = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/);

/** The head of a tenant's log, and what ties it to a checkpoint. */
export const auditHead = z.object({
  tenant: z.string().max(100),
  size: treeSize,
  root: treeHash,
  /** Where the head of this tree stands in the tree of the deployment, and its audit path there. */
  head_index: treeSize,
  head_proof: z.array(treeHash).max(64),
  /** A signed note. */
  checkpoint: z.string().max(8192),
});
export type AuditHead = z.infer<typeof auditHead>;

const exportHeader = z.strictObject({ ...auditHead.shape, format: z.literal(EXPORT_FORMAT) });
export type ExportHeader = z.infer<typeof exportHeader>;

/** The header that a line is, spelled as exports spell it: nothing may stand in it that nobody has signed. */
export function readHeader(line: string): ExportHeader | null {
  try {
    const said: unknown = JSON.parse(line);
    return JSON.stringify(said) === line ? (exportHeader.safeParse(said).data ?? null) : null;
  } catch {
    return null;
  }
}

export type ExportEntry =
  | { readonly index: number; readonly proof: readonly Buffer[]; readonly event: string }
  | { readonly index: number; readonly proof: readonly Buffer[]; readonly removed: Buffer };

const ENTRY =
  /^\{"index":(0|[1-9]\d{0,14}),"proof":\[((?:"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="(?:,"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="){0,63})?)\],(?:"event":(\{.*\})|"removed":"([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)")\}$/s;

/** The entry of a line, or null where it is none. */
export function readEntry(line: string): ExportEntry | null {
  const [, index, hashes = '', event, removed] = ENTRY.exec(line) ?? [];
  if (index === undefined) return null;
  const proof = hashes === '' ? [] : hashes.split(',').map((quoted) => Buffer.from(quoted, 'base64'));
  const entry = { index: Number(index), proof };
  return event === undefined
    ? { ...entry, removed: Buffer.from(removed ?? '', 'base64') }
    : { ...entry, event };
}

/** The text whose hash is the leaf of a tree's head in the tree of the deployment. */
export function headText({ tenant, size, root }: Pick<AuditHead, 'tenant' | 'size' | 'root'>): string {
  return `causeway audit head v1\n${tenant}\n${size}\n${root}\n`;
}
