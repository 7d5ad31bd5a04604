import { limit } from '../../protocol/limits.ts';

const CHARS_MAX = limit('name_chars');

/**
 * A person's name as it is stored: NFC, without blanks around, at most 255 characters; null where nothing is left. Controls,
 * line breaks and marks that turn the direction of what stands beside them are taken out, for other people read it in
 * lists, in consent and in notices. Joiners stay: names are written with them.
 */
export function parsePersonName(text: string): string | null {
  const name = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\ufeff]/gu, '')
    .trim();
  return name === '' ? null : [...name].slice(0, CHARS_MAX).join('').trim();
}
