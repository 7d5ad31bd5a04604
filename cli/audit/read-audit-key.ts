import { existsSync, readFileSync } from 'node:fs';
import { type NoteVerifier, readNoteVerifier } from '../../protocol/signed-note.ts';
import { Failure } from '../terminal/failure.ts';

/**
 * The public key that `./causeway audit key` printed, as an option names it: the line itself, or a file that holds it.
 *
 * @param otherwise what the command has not done, and the exit code, where it is no key
 * @throws Failure
 */
export async function readAuditKey(
  given: string,
  option: '--key' | '--audit-key',
  otherwise: { readonly what: string; readonly exitCode?: number },
): Promise<NoteVerifier> {
  const key = await readNoteVerifier((existsSync(given) ? readFileSync(given, 'utf8') : given).trim());
  if (key !== null) return key;
  throw new Failure({
    ...otherwise,
    why: `what ${option} names ${existsSync(given) ? 'holds no key' : 'is no key, and no file either'}`,
    remedy: 'give the line that ./causeway audit key prints, or its file',
  });
}
