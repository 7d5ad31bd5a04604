import { existsSync, readFileSync } from 'node:fs';
import { type NoteVerifier, readNoteVerifier } from '../../protocol/signed-note.ts';

/** The public key that `./causeway audit key` printed: the line itself, or a file that holds it. Null where it is none. */
export function readAuditKey(given: string): Promise<NoteVerifier | null> {
  return readNoteVerifier((existsSync(given) ? readFileSync(given, 'utf8') : given).trim());
}
