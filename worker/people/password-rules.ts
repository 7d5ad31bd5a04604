import { COMMON_PASSWORDS } from './common-passwords.ts';

export const PASSWORD_CHARS = { least: 12, most: 200 } as const;
const DISTINCT_CHARS_LEAST = 5;

export type PasswordFault = 'too_short' | 'too_long' | 'is_email' | 'too_common';

/**
 * A password as it is hashed: NFKC (NIST SP 800-63B, section 3.1.1.2), so that one typed on another keyboard is the
 * same; nothing is trimmed or cut.
 */
export function normalizePassword(password: string): string {
  return password.normalize('NFKC');
}

/** What people add to a common password. */
const ENDING = /[\p{N}\p{P}\p{S}\s]/u;

/** What is wrong with a new password, or null. Its length counts characters, not bytes or code units. Pure. */
export function judgePassword(password: string, email: string): PasswordFault | null {
  const normal = normalizePassword(password);
  const characters = [...normal];
  if (characters.length < PASSWORD_CHARS.least) return 'too_short';
  if (characters.length > PASSWORD_CHARS.most) return 'too_long';
  const lower = normal.toLowerCase();
  if (lower === email.normalize('NFKC').toLowerCase()) return 'is_email';
  if (new Set(lower).size < DISTINCT_CHARS_LEAST || isRow(lower)) return 'too_common';
  const letters = [...lower];
  const stem = letters.slice(0, letters.findLastIndex((letter) => !ENDING.test(letter)) + 1).join('');
  if (COMMON_PASSWORDS.has(lower) || COMMON_PASSWORDS.has(stem)) return 'too_common';
  return null;
}

/** Whether each character is the one after, or the one before, its neighbour: 123456789012, fedcba987654. */
function isRow(text: string): boolean {
  const steps = new Set<number>();
  for (let index = 1; index < text.length; index++) {
    const step = text.charCodeAt(index) - text.charCodeAt(index - 1);
    // 9 is followed by 0, as on a keyboard.
    steps.add(step === -9 ? 1 : step === 9 ? -1 : step);
  }
  return steps.size === 1 && (steps.has(1) || steps.has(-1));
}

/** The sentence for a person. */
export function explainPasswordFault(fault: PasswordFault): string {
  switch (fault) {
    case 'too_short':
      return `Use at least ${PASSWORD_CHARS.least} characters. Several words in a row are good and easy to remember.`;
    case 'too_long':
      return `Use at most ${PASSWORD_CHARS.most} characters.`;
    case 'is_email':
      return 'Do not use your email address as the password.';
    case 'too_common':
      return 'This password is among the first that an attacker tries. Choose another one.';
  }
}
