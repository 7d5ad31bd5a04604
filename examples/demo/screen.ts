import { stripVTControlCharacters } from 'node:util';
import { formatDuration, formatTable, styled } from '../../cli/terminal/print.ts';

/** What the demo writes on: plain lines, coloured where a terminal shows colours. */
export interface Screen {
  readonly heading: (number: number, title: string) => void;
  readonly ended: (ok: boolean, ms: number) => void;
  readonly say: (text: string) => void;
  readonly table: (heads: readonly string[], rows: readonly (readonly (string | number)[])[]) => void;
  /** Lines of a file with their numbers; the one at `marked` stands out. */
  readonly code: (path: string, text: string, lines: LineRange, marked?: number) => void;
  /** A line that is written over by the next one; elsewhere than on a terminal, each is a line of its own. */
  readonly live: (text: string) => void;
}

export interface LineRange {
  readonly from: number;
  readonly to: number;
}

const INDENT = '   ';
const CELL_CHARS_MAX = 60;

/** Control characters but the line feed, and marks that turn the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to replace
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/g;

/** What comes from data or from a model may not steer the terminal: it is shown without control characters. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replace(UNSEEN, '\ufffd');
}

export function createScreen(stream: NodeJS.WriteStream): Screen {
  let isLive = false;
  const line = (text: string): void => {
    if (isLive && stream.isTTY) stream.write('\r\u001b[2K');
    isLive = false;
    stream.write(`${text}\n`);
  };
  const indented = (text: string): void => {
    for (const part of text.split('\n')) line(`${INDENT}${part}`.trimEnd());
  };
  return {
    heading: (number, title) =>
      line(`\n${styled('cyan', String(number).padStart(2), stream)} ${styled('bold', title, stream)}`),
    ended: (ok, ms) =>
      indented(
        `${ok ? styled('green', '✓', stream) : styled('red', '✗', stream)} ${styled('dim', formatDuration(ms), stream)}`,
      ),
    say: (text) => indented(plain(text)),
    table(heads, rows) {
      const cells = rows.map((row) =>
        row.map((cell) => (typeof cell === 'string' ? shorten(plain(cell)) : cell)),
      );
      const [head = '', ...rest] = formatTable(heads, cells).split('\n');
      indented(styled('dim', head, stream));
      for (const row of rest) indented(row);
    },
    code(path, text, { from, to }, marked) {
      indented(styled('dim', path, stream));
      const lines = plain(text).split('\n');
      for (let number = from; number <= Math.min(to, lines.length); number++) {
        const gutter = styled('dim', `${String(number).padStart(4)} │`, stream);
        const content = lines[number - 1] ?? '';
        indented(`${gutter} ${number === marked ? `${styled('red', content, stream)}  ◀` : content}`);
      }
    },
    live(text) {
      const shown = `${INDENT}${styled('dim', `… ${shorten(plain(text).replaceAll('\n', ' '))}`, stream)}`;
      if (!stream.isTTY) {
        stream.write(`${shown}\n`);
        return;
      }
      stream.write(`${isLive ? '\r\u001b[2K' : ''}${shown}`);
      isLive = true;
    },
  };
}

function shorten(text: string): string {
  return text.length > CELL_CHARS_MAX ? `${text.slice(0, CELL_CHARS_MAX - 1)}…` : text;
}
