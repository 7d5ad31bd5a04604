const CHARS_MAX = 320;

/**
 * An email address as it is stored and compared: NFKC, lower case, without blanks around; null where it is none. Only
 * its shape is judged: nothing is ever sent to it.
 */
export function parseEmail(text: string): string | null {
  const email = text.normalize('NFKC').trim().toLowerCase();
  return email.length <= CHARS_MAX && /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(email) ? email : null;
}
