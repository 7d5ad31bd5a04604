import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().min(0);
const relation = z.string().regex(/^[a-z_]+\.[a-z0-9_]+$/);
const column = z.string().regex(/^(?:[a-z_][a-z0-9_]*|"[a-z_][a-z0-9_]*")$/);

/** A file of a backup with what it must be. */
const fileFacts = z.object({ bytes: count, sha256 });
export type FileFacts = z.infer<typeof fileFacts>;

/** One table: its rows stand in `tables/<name>.copy`, in the text format of COPY, a line a row. */
const tableFacts = fileFacts.extend({
  name: relation,
  columns: z.array(column).min(1),
  rows: count,
});
export type TableFacts = z.infer<typeof tableFacts>;

/** Read before anything is proven, so its costs are bounded. */
const argon2id = z.object({
  kind: z.literal('argon2id'),
  salt: z.string().max(100),
  memoryKib: count.max(1024 * 1024),
  passes: count.max(64),
  lanes: count.max(16),
});
const recipe = z.union([argon2id, z.looseObject({ kind: z.literal('kms'), wrapped: z.string() })]);

/** `purged`: absent, as it should be since somebody purged its content. */
const missingBlob = z.object({ path: z.string(), why: z.enum(['absent', 'damaged', 'purged']) });
export type MissingBlob = z.infer<typeof missingBlob>;

/** What is in a backup. Its SHA-256, sealed with the key-encryption key, stands beside it. */
export const manifestSchema = z.object({
  format: z.literal('causeway-backup/1'),
  /** The moment of the snapshot; also the name of its folder. */
  id: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/),
  /** All that were applied, the oldest first. */
  migrations: z.array(z.object({ name: z.string().regex(/^\d{4}-[a-z0-9-]+\.sql$/), sha256 })).min(1),
  tables: z.array(tableFacts).min(1),
  /** Tables whose rows are not in it, and why. */
  leftOut: z.array(z.object({ name: relation, why: z.string() })),
  /** `blobs.jsonl`: the blobs that rows name, a line each. Null where the backup was made without them. */
  blobs: fileFacts.extend({ count, totalBytes: count }).nullable(),
  /** Blobs that rows name and the store did not have, or not whole. */
  missingBlobs: z.array(missingBlob),
  /** The newest of the audit log that was signed. */
  checkpoint: z.object({ size: count, note: z.string() }).nullable(),
  /** How the key-encryption keys are had from the passphrase. No secret. */
  keks: z.array(z.object({ keyId: z.string(), recipe, canary: z.string() })).max(16),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** `<tenant>/<sha256>`; copies of the audit log stand a folder deeper. */
const PATH = /^[a-z0-9_-]{1,64}(?:\/audit\/\d{4}-\d\d-\d\d)?\/[0-9a-f]{64}$/;

/** A blob: where it lies in the blob store, and what its bytes there are; the backup keeps them under that SHA-256. */
const blobLine = fileFacts.extend({ path: z.string().regex(PATH) });
export type BlobFacts = z.infer<typeof blobLine>;

/** Null for what is no line of `blobs.jsonl`. */
export function readBlobLine(line: string): BlobFacts | null {
  return parseWith(blobLine, line);
}

/** Null for what is no manifest that this version reads. */
export function readManifest(text: string): Manifest | null {
  return parseWith(manifestSchema, text);
}

export function backupId(takenAt: Date): string {
  return takenAt.toISOString().replaceAll(':', '-');
}

function parseWith<Value>(schema: z.ZodType<Value>, text: string): Value | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
