import { isGuessable } from './is-guessable.ts';

const CHARS_MIN = 20;

/** What is wrong with KEY_PASSPHRASE by itself, without a part of it; null where nothing is. Pure. */
export function judgePassphrase(passphrase: string): string | null {
  return isGuessable(passphrase, CHARS_MIN)
    ? `KEY_PASSPHRASE is shorter than ${CHARS_MIN} characters, an example or a sequence, or repeats itself`
    : null;
}
