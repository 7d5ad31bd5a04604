import { z } from 'zod';
import { type NoteSigner, signNote } from '../../../protocol/signed-note.ts';
import type { DeletionFacts } from '../../database/tenant-life.ts';

/** The first line of what is signed: no other text of this deployment begins so, and a checkpoint begins with its origin. */
const CERTIFICATE_FORMAT = 'causeway tenant deletion certificate v1';

const count = z.number().int().min(0);
const certificateSchema = z.object({
  /** As it signs its checkpoints. */
  deployment: z.string(),
  tenant: z.string(),
  name: z.string(),
  requested: z.object({ at: z.string(), by: z.string().nullable(), reason: z.string().nullable() }),
  began_at: z.string(),
  finished_at: z.string(),
  /** By table. */
  rows: z.record(z.string(), count),
  /** Who belonged to no other tenant. */
  people: count,
  executors: count,
  /** Ids of the keys. */
  keys: z.array(z.string()),
  /** Objects of the store, with the bytes that they took there. */
  blobs: z.object({ count, bytes: count }),
  /**
   * The last head of its audit log, with what ties it to a checkpoint: the first line of an export says the same. And how many of its
   * entries each sink had taken; certificates of before do not say it.
   */
  audit: z.looseObject({
    tenant: z.string(),
    size: count,
    root: z.string(),
    sinks: z.array(z.object({ sink: z.string(), kind: z.string(), taken: count })).optional(),
  }),
});
/** Who was deleted, what of it, and where its log ended. */
export type DeletionCertificate = z.infer<typeof certificateSchema>;

/** The certificate as a signed note: the format, one line of JSON, and the signature of the key that signs checkpoints. */
export function signCertificate(facts: DeletionFacts, signer: NoteSigner): Promise<string> {
  return signNote(
    `${CERTIFICATE_FORMAT}\n${JSON.stringify({ deployment: signer.name, ...facts })}\n`,
    signer,
  );
}

/** The certificate that a signed text is, or null where it is none. */
export function readCertificate(text: string): DeletionCertificate | null {
  const [format, body = '', end, ...more] = text.split('\n');
  if (format !== CERTIFICATE_FORMAT || end !== '' || more.length > 0) return null;
  try {
    return certificateSchema.safeParse(JSON.parse(body)).data ?? null;
  } catch {
    return null;
  }
}
