/** Some lines of a text, as much as one answer carries. */
export interface LineWindow {
  readonly content: string;
  readonly first_line: number;
  readonly last_line: number;
  readonly total_lines: number;
  readonly truncated: boolean;
}

const CHARS_MAX = 64 * 1024;

/** The window that starts at `firstLine` (from 1) with at most `linesMax` lines and 64 Ki characters. */
export function windowOf(text: string, firstLine: number, linesMax: number): LineWindow {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const start = Math.min(firstLine - 1, lines.length);
  let end = start;
  let chars = 0;
  while (end < lines.length && end - start < linesMax) {
    chars += (lines[end]?.length ?? 0) + 1;
    if (chars > CHARS_MAX && end > start) break;
    end++;
  }
  const whole = start === 0 && end === lines.length;
  const content = whole
    ? text
    : lines
        .slice(start, end)
        .map((line) => `${line}\n`)
        .join('');
  return {
    content: content.length > CHARS_MAX ? content.slice(0, CHARS_MAX) : content,
    first_line: Math.min(start + 1, Math.max(lines.length, 1)),
    last_line: end,
    total_lines: lines.length,
    truncated: end < lines.length || content.length > CHARS_MAX,
  };
}
