import { readNoteSigner, signNote } from '../../protocol/signed-note.ts';
import type { CheckpointDraft } from '../database/audit-log.ts';

/** What a checkpoint says (C2SP tlog-checkpoint), with our two extension lines: when, and after which. */
export interface Checkpoint {
  /** Which deployment. */
  readonly origin: string;
  readonly size: number;
  /** Base64 of 32 bytes. */
  readonly root: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  /** SHA-256 in hex of the signed note before; null for the first. */
  readonly previous: string | null;
}

const ROOT = /^[A-Za-z0-9+/]{43}=$/;
const SIZE = /^(?:0|[1-9][0-9]{0,14})$/;
const AT = /^at (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)$/;
const PREVIOUS = /^previous ([0-9a-f]{64}|none)$/;

/** The name under which a deployment signs: its address without the scheme, which a key's name may hold. */
export function originOf(publicUrl: string): string {
  const { host, pathname } = new URL(publicUrl);
  return `${host}${pathname.replace(/\/$/, '')}/audit`;
}

/** The text that is signed. */
export function writeCheckpoint({ origin, size, root, at, previous }: Checkpoint): string {
  return `${origin}\n${size}\n${root}\nat ${at}\nprevious ${previous ?? 'none'}\n`;
}

/** The checkpoint that a text is, or null where it is none of ours. */
export function readCheckpoint(text: string): Checkpoint | null {
  const [origin = '', size = '', root = '', at = '', previous = '', end, ...more] = text.split('\n');
  const [moment, before] = [AT.exec(at)?.[1], PREVIOUS.exec(previous)?.[1]];
  if (origin === '' || !SIZE.test(size) || !ROOT.test(root) || end !== '' || more.length > 0) return null;
  if (moment === undefined || before === undefined) return null;
  return { origin, size: Number(size), root, at: moment, previous: before === 'none' ? null : before };
}

/**
 * Signs what the database drafted, with a key as its envelope held it.
 *
 * @throws Error where the text is no private key
 */
export async function signCheckpoint(draft: CheckpointDraft, privateKey: string): Promise<string> {
  const signer = await readNoteSigner(privateKey);
  if (signer === null) throw new Error('the audit key is no signing key');
  const { size, root, at, last } = draft;
  return signNote(
    writeCheckpoint({ origin: signer.name, size, root, at, previous: last?.sha256 ?? null }),
    signer,
  );
}
