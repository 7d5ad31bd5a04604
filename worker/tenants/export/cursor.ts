import { z } from 'zod';
import { decodeBase64url, encodeBase64url } from '../../../protocol/base64url.ts';

/** Where an export goes on: tables, people, the audit log, the history of projects, and then the blobs. */
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
]);
export type ExportCursor = z.infer<typeof cursorSchema>;

export function writeExportCursor(cursor: ExportCursor): string {
  return encodeBase64url(new TextEncoder().encode(JSON.stringify(cursor)));
}

/** Null where the text is no cursor. */
export function readExportCursor(text: string): ExportCursor | null {
  const bytes = decodeBase64url(text);
  try {
    return bytes === null ? null : cursorSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}
