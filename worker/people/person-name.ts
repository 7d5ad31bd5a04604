import { limit } from '../../protocol/limits.ts';
import { withoutUnseen } from '../input/judge-characters.ts';

const CHARS_MAX = limit('name_chars');

/**
 * A person's name as it is stored: NFC, without blanks around, at most 255 characters; null where nothing is left. What
 * nobody sees is taken out, for other people read the name in lists, in consent and in notices; joiners stay where a name is
 * written with them.
 */
export function parsePersonName(text: string): string | null {
  const name = withoutUnseen(text.normalize('NFC')).trim();
  // What is cut off may leave a joiner without what it joined.
  return withoutUnseen([...name].slice(0, CHARS_MAX).join('')).trim() || null;
}
