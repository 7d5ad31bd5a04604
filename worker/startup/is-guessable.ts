const DISTINCT_CHARS_MIN = 8;
/** Of a text that was drawn nearly every character counts; of an example, a sequence or a repetition few do. */
const COUNTING_SHARE_MIN = 0.6;

/** What examples, defaults and rows of keyboards are made of, longer ones before those that they hold. */
const WELL_KNOWN: readonly string[] = [
  ...['passphrase', 'password', 'passwort', 'passwd', 'secret', 'changeme', 'change', 'replace', 'example'],
  ...['default', 'letmein', 'welcome', 'hunter2', 'please', 'admin', 'correct', 'horse', 'battery', 'staple'],
  ...['causeway', 'postgres', 'openssl', 'base64', 'rand', 'qwertyuiop', 'qwerty', 'asdfghjkl', 'zxcvbnm'],
];

/**
 * Whether a passphrase or password can be guessed: it has fewer than `charsMin` characters, or hardly any of them are
 * left without well-known words, sequences (`abcd`, `4321`) and what it says again. Pure.
 */
export function isGuessable(secret: string, charsMin: number): boolean {
  if (secret.length < charsMin || new Set(secret).size < DISTINCT_CHARS_MIN) return true;
  const own = WELL_KNOWN.reduce((text, word) => text.replaceAll(word, ''), secret.toLowerCase());
  return countUnforeseen(own) < charsMin * COUNTING_SHARE_MIN;
}

/** How many characters of a text neither go on as the ones before them did, nor end three that stood there before. */
function countUnforeseen(text: string): number {
  const seen = new Set<string>();
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const three = text.slice(Math.max(0, at - 2), at + 1);
    const step = Math.abs(text.charCodeAt(at) - text.charCodeAt(at - 1));
    if (!(step <= 1) && !seen.has(three)) count++;
    seen.add(three);
  }
  return count;
}
