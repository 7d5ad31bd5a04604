/** Text of a caller inside a message: one line, and not more of it than helps. */
export function quoted(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}`]/gu, '\ufffd');
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}
