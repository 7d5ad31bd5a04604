import { limit } from '../../protocol/limits.ts';

/**
 * An email address as it is stored and compared: NFKC, lower case, without blanks around; null where it is none. Only
 * its shape is judged: nothing is ever sent to it. Lower case may undo the normal form (Unicode, section 5.18), which is made
 * once more.
 */
export function parseEmail(text: string): string | null {
  const email = text.normalize('NFKC').trim().toLowerCase().normalize('NFKC');
  return email.length <= limit('email_chars') && /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(email) ? email : null;
}
