import { z } from 'zod';
import { type SealKey, seal, unseal } from '../../seal/seal.ts';

/** Where an export goes on: tables, people, the audit log, the history of projects, the blobs, and then what is named and is none of them. */
const cursorSchema = z.discriminatedUnion('at', [
  z.object({
    at: z.literal('rows'),
    /** Those that are left; the first is under way. */
    tables: z.array(z.string()).max(500),
    after: z.array(z.string()).nullable(),
    page: z.number().int(),
  }),
  z.object({ at: z.literal('people'), after: z.string().nullable(), page: z.number().int() }),
  z.object({
    at: z.literal('audit'),
    size: z.number().int(),
    next: z.number().int(),
    page: z.number().int(),
  }),
  z.object({
    at: z.literal('history'),
    project: z.string().nullable(),
    position: z.number().int(),
    page: z.number().int(),
  }),
  z.object({ at: z.literal('blobs'), after: z.string().nullable() }),
  z.object({ at: z.literal('names'), after: z.string().nullable() }),
]);
export type ExportCursor = z.infer<typeof cursorSchema>;

/** An export that broke off goes on within this. */
const LIFETIME_MS = 30 * 24 * 3_600_000;

interface ExportClaim {
  readonly tenant: string;
  readonly cursor: unknown;
}

/** Sealed, for who holds one goes on with an export that was recorded when it began. */
export function writeExportCursor(key: SealKey, tenant: string, cursor: ExportCursor): Promise<string> {
  return seal<ExportClaim>(key, 'export', { tenant, cursor }, LIFETIME_MS);
}

/** Null where the text is no cursor of an export of the tenant. */
export async function readExportCursor(
  key: SealKey,
  tenant: string,
  text: string,
): Promise<ExportCursor | null> {
  const opened = await unseal<ExportClaim>(key, 'export', text);
  return opened.ok && opened.claim.tenant === tenant
    ? (cursorSchema.safeParse(opened.claim.cursor).data ?? null)
    : null;
}
