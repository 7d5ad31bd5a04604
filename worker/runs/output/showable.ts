/**
 * What a terminal would obey (C0 but tab and line ends, DEL, C1) and what shows text in another order than it has
 * (bidirectional embeddings, overrides and isolates).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about.
const OBEYED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text of a program as it is shown: each such character becomes U+FFFD, so that nothing that a run prints acts on the
 * terminal of whoever reads it. Downloads and imports have the exact bytes. Pure.
 */
export function showable(text: string): string {
  return text.replace(OBEYED, '\ufffd');
}
