import { z } from 'zod';

export const EXPORT_FORMAT = 'causeway-tenant-export/1';

/** A file of an export. */
const manifestEntrySchema = z.object({
  name: z.string(),
  bytes: z.number().int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ManifestEntry = z.infer<typeof manifestEntrySchema>;

/**
 * Behind each part of an export stands its manifest: the files of the part, and the SHA-256 of the manifest before. So the
 * last one proves all, and neither who writes nor who reads holds more than one part.
 */
export const partManifestSchema = z.object({
  format: z.literal(EXPORT_FORMAT),
  tenant: z.string(),
  part: z.number().int().min(1),
  /** Null for the first. */
  previous: z.string().nullable(),
  entries: z.array(manifestEntrySchema),
  /** SHA-256 of contents that rows name and the object store lacked. */
  missing: z.array(z.string()).default([]),
});
export type PartManifest = z.infer<typeof partManifestSchema>;

/** The last file: an archive without it is not whole. */
export const wholeManifestSchema = z.object({
  format: z.literal(EXPORT_FORMAT),
  tenant: z.string(),
  exported_at: z.string(),
  parts: z.number().int().min(1),
  /** Of the last part's manifest. */
  last_part_sha256: z.string(),
  /** Files and bytes, without manifests. */
  files: z.number().int().min(0),
  bytes: z.number().int().min(0),
  /** How many contents the object store lacked. */
  missing: z.number().int().min(0).default(0),
});
export type WholeManifest = z.infer<typeof wholeManifestSchema>;

export const WHOLE_MANIFEST = 'manifest.json';

export function partManifestName(part: number): string {
  return `manifests/${String(part).padStart(6, '0')}.json`;
}

/** How far an archive is: what the next part has to know of those before. */
const chainSchema = z.object({
  parts: z.number().int().min(0),
  previous: z.string().nullable(),
  files: z.number().int().min(0),
  bytes: z.number().int().min(0),
  missing: z.number().int().min(0),
});
export type Chain = z.infer<typeof chainSchema>;

export const NO_PARTS: Chain = { parts: 0, previous: null, files: 0, bytes: 0, missing: 0 };

/** The chain with one more part, whose manifest has this SHA-256. */
export function nextLink(
  chain: Chain,
  { entries, missing }: Pick<PartManifest, 'entries' | 'missing'>,
  sha256: string,
): Chain {
  return {
    parts: chain.parts + 1,
    previous: sha256,
    files: chain.files + entries.length,
    bytes: chain.bytes + entries.reduce((sum, entry) => sum + entry.bytes, 0),
    missing: chain.missing + missing.length,
  };
}
