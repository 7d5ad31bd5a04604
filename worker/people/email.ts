import { limit } from '../../protocol/limits.ts';

/**
 * An email address as it is stored and compared: NFKC, lower case, without blanks around; null where it is none. Only
 * its shape is judged: nothing is ever sent to it.
 */
export function parseEmail(text: string): string | null {
  const email = text.normalize('NFKC').trim().toLowerCase();
  return email.length <= limit('email_chars') && /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(email) ? email : null;
}
