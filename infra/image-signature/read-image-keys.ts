import { readFile } from 'node:fs/promises';
import { type NoteVerifier, readNoteVerifier } from '../../protocol/signed-note.ts';
import { type ImageRefused, refuseImage } from './refusal.ts';

const HOW = 'Give the line that `./causeway image key` printed, or a file with such lines, as --image-key.';

/**
 * The keys that a host trusts. Each of `given` is a public key, or the path of a file that has one a line; empty lines and
 * lines with `#` in front are passed over.
 */
export async function readImageKeys(
  given: readonly string[],
): Promise<{ readonly ok: true; readonly keys: readonly NoteVerifier[] } | ImageRefused> {
  const keys: NoteVerifier[] = [];
  for (const each of given) {
    const single = await readNoteVerifier(each);
    const lines = single === null ? await linesOf(each) : [];
    if (lines === null)
      return refuseImage('image_key_unreadable', `${each} is neither a public key nor a file of them.`, HOW);
    if (single !== null) keys.push(single);
    for (const line of lines) {
      const key = await readNoteVerifier(line);
      if (key === null)
        return refuseImage('image_key_unreadable', `${each} has a line that is no public key: ${line}`, HOW);
      keys.push(key);
    }
  }
  return keys.length === 0
    ? refuseImage('no_image_key', 'No key is trusted to sign sandbox images.', HOW)
    : { ok: true, keys };
}

async function linesOf(file: string): Promise<string[] | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
