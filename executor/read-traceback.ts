import type { RunError } from '../protocol/outcome.ts';
import type { Capture } from './capture-stream.ts';

const MESSAGE_CHARS_MAX = 2000;
const PATH_CHARS_MAX = 512;
const LINE_MAX = 10_000_000;
const REPO = '/repo/';

const HEADER = /^[\s|+-]*(?:Exception Group )?Traceback \(most recent call last\):$/;
const FRAME = /^\s*File "(.+)", line (\d+)/;
const EXCEPTION = /^([A-Za-z_][\w.]{0,199})(?::\s?(.*))?$/;
/** The margin that Python draws around exceptions of a group. */
const GROUP_MARGIN = /^\s*[|+]\s?/;

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

interface Place {
  readonly path: string;
  readonly line: number;
}

/**
 * `/repo/sub/a.py` as `sub/a.py`, with its line; null for a file that is not the agent's, and for what no file of a
 * project can be called: the program may have written this itself.
 */
function ownPlace(frame: RegExpExecArray | null): Place | null {
  const [, path = '', digits] = frame ?? [];
  const line = Number(digits);
  const isOwn = path.startsWith(REPO) && path.length <= PATH_CHARS_MAX && !path.split('/').includes('..');
  return isOwn && path.search(UNPRINTABLE) < 0 && line <= LINE_MAX
    ? { path: path.slice(REPO.length), line }
    : null;
}

/** Control characters but line feed and tab become spaces: the text is shown in terminals and chats. */
function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => (char === '\n' || char === '\t' ? char : ' '));
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
  let place: Place | null = null;
  for (const [index, each] of body.entries()) {
    const frame = FRAME.exec(each);
    if (frame !== null) {
      place = ownPlace(frame) ?? place;
      continue;
    }
    const exception = EXCEPTION.exec(each);
    if (exception?.[1] === undefined) continue;
    // Without a header only a syntax error of the file itself is told from other output.
    if (header < 0 && place === null) continue;
    const message = [exception[2] ?? '', ...(inGroup ? [] : body.slice(index + 1))].join('\n').trim();
    return {
      type: exception[1],
      // Half of a surrogate pair is no text, and a database takes none.
      message: printable(message.slice(0, MESSAGE_CHARS_MAX).toWellFormed()),
      path: place?.path ?? null,
      line: place?.line ?? null,
    };
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
export function readStacks(stacks: string): Place | null {
  const threads = stacks.split(/\n(?=(?:Current t|T)hread )/);
  const inOrder = [
    ...threads.filter((thread) => MAIN_THREAD_MARK.test(thread)),
    ...threads.filter((thread) => !MAIN_THREAD_MARK.test(thread)),
  ];
  for (const thread of inOrder) {
    for (const text of thread.split('\n')) {
      const place = ownPlace(STACK_FRAME.exec(text));
      if (place !== null) return place;
    }
  }
  return null;
}
