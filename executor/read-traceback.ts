import type { RunError } from '../protocol/outcome.ts';
import type { Capture } from './capture-stream.ts';

const MESSAGE_CHARS_MAX = 2000;
const REPO = '/repo/';

const HEADER = /^[\s|+-]*(?:Exception Group )?Traceback \(most recent call last\):$/;
const FRAME = /^\s*File "(.+)", line (\d+)/;
const EXCEPTION = /^([A-Za-z_][\w.]*)(?::\s?(.*))?$/;
/** The margin that Python draws around exceptions of a group. */
const GROUP_MARGIN = /^\s*[|+]\s?/;

/** `/repo/sub/a.py` as `sub/a.py`; null for a file that is not the agent's. */
function ownPath(path: string): string | null {
  return path.startsWith(REPO) ? path.slice(REPO.length) : null;
}

/** Control characters but line feed and tab become spaces: the text is shown in terminals and chats. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) =>
    char === '\n' || char === '\t' ? char : ' ',
  );
}

/**
 * The exception that a Python program printed last on stderr, with the deepest line of a file under /repo. `text` may be
 * cut at its beginning. Null where it ends in no traceback. A program can print what it likes: this only words its failure.
 */
export function readTraceback(text: string): RunError | null {
  const lines = text.trimEnd().split(/\r?\n/);
  const header = lines.findLastIndex((line) => HEADER.test(line));
  const inGroup = header >= 0 && /Exception Group/.test(lines[header] ?? '');
  const body = lines.slice(header + 1).map((line) => (inGroup ? line.replace(GROUP_MARGIN, '') : line));
  let path: string | null = null;
  let line: number | null = null;
  for (const [index, each] of body.entries()) {
    const frame = FRAME.exec(each);
    if (frame?.[1] !== undefined) {
      const own = ownPath(frame[1]);
      if (own !== null) {
        path = own;
        line = Number(frame[2]);
      }
      continue;
    }
    const exception = EXCEPTION.exec(each);
    if (exception?.[1] === undefined) continue;
    // Without a header only a syntax error of the file itself is told from other output.
    if (header < 0 && path === null) continue;
    const message = [exception[2] ?? '', ...(inGroup ? [] : body.slice(index + 1))].join('\n').trim();
    return { type: exception[1], message: printable(message.slice(0, MESSAGE_CHARS_MAX)), path, line };
  }
  return null;
}

/**
 * The exception that ended a program: read from what stderr ended with, and where a message is so long that it hides its
 * traceback, from all that was kept.
 */
export function lastTraceback(stderr: Pick<Capture, 'kept' | 'last'>): RunError | null {
  return readTraceback(stderr.last().toString('utf8')) ?? readTraceback(stderr.kept().toString('utf8'));
}

const STACK_FRAME = /^\s*File "(.+)", line (\d+) in /;
/** The frame of harness.py in which the agent's file runs; the thread that has it is the main one. */
const MAIN_THREAD_MARK = /File "<string>", line \d+ in run_as_main/;

/** Where the program stood: the innermost line under /repo in what faulthandler wrote, of the main thread if it has one. */
export function readStacks(stacks: string): { readonly path: string; readonly line: number } | null {
  const threads = stacks.split(/\n(?=(?:Current t|T)hread )/);
  const inOrder = [
    ...threads.filter((thread) => MAIN_THREAD_MARK.test(thread)),
    ...threads.filter((thread) => !MAIN_THREAD_MARK.test(thread)),
  ];
  for (const thread of inOrder) {
    for (const text of thread.split('\n')) {
      const frame = STACK_FRAME.exec(text);
      const path = frame?.[1] === undefined ? null : ownPath(frame[1]);
      if (path !== null) return { path: printable(path), line: Number(frame?.[2]) };
    }
  }
  return null;
}
