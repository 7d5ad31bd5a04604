/** What is wrong with the characters of a text that others read in lists, pages and terminals. */
export type CharacterFault =
  | { readonly reason: 'half_pair' }
  /** A character that shows nothing, or acts on what stands beside it; `at` counts characters from 1. */
  | { readonly reason: 'unseen'; readonly character: string; readonly at: number };

/** Controls, direction marks, zero width, line separators, and what else shows nothing (Unicode, Default_Ignorable_Code_Point). */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{DI}\u2800]/u;
const [NON_JOINER, JOINER] = ['\u200c', '\u200d'];
/** Scripts whose words are written with joiners (RFC 5892, appendix A.1 and A.2). */
const JOINED_SCRIPT =
  /[\p{scx=Arab}\p{scx=Syrc}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Mong}]/u;
const PICTURE = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f/u;

/**
 * Judges the characters of a text. Letters of every script pass, and so do joiners and variation selectors where a script
 * or an emoji is written with them; anything else that nobody sees is refused, because it would show a name other than it
 * is. `lines`: line feeds and tabs are part of the text. Pure, one pass.
 */
export function judgeCharacters(text: string, { lines }: { readonly lines: boolean }): CharacterFault | null {
  if (!text.isWellFormed()) return { reason: 'half_pair' };
  if (!UNSEEN.test(text)) return null;
  const characters = [...text];
  const at = characters.findIndex(
    (character, index) =>
      UNSEEN.test(character) &&
      !(lines && (character === '\n' || character === '\t')) &&
      !isWritten(character, characters[index - 1] ?? '', characters[index + 1] ?? ''),
  );
  return at === -1 ? null : { reason: 'unseen', character: characters[at] ?? '', at: at + 1 };
}

/** A text of one line without the characters for which {@link judgeCharacters} would refuse it. Pure, one pass. */
export function withoutUnseen(text: string): string {
  const characters = [...text.toWellFormed()];
  const kept: string[] = [];
  for (const [index, character] of characters.entries())
    if (!UNSEEN.test(character) || isWritten(character, kept.at(-1) ?? '', characters[index + 1] ?? ''))
      kept.push(character);
  return kept.join('');
}

/** The fault as the end of a sentence that begins with the text's name. */
export function describeCharacterFault(fault: CharacterFault): string {
  if (fault.reason === 'half_pair') return 'holds half of a surrogate pair, which is no Unicode text';
  const code = (fault.character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `holds U+${code} at character ${fault.at}, which nobody sees; leave it out`;
}

function isWritten(character: string, before: string, after: string): boolean {
  if (character === '\ufe0e' || character === '\ufe0f') return /[\p{Emoji}]/u.test(before);
  if (character !== JOINER && character !== NON_JOINER) return false;
  if (character === JOINER && PICTURE.test(before) && /\p{Extended_Pictographic}/u.test(after)) return true;
  return JOINED_SCRIPT.test(before) && (after === '' || JOINED_SCRIPT.test(after) || after === ' ');
}
