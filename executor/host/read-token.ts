import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { HostProblem } from './host-problem.ts';

const FORM = /^join_[A-Za-z0-9_-]{43}$/;

/** The join token as it was given: itself, in a file, or (`-`) on stdin. Null where none was given. */
export async function readToken(given: {
  readonly token?: string;
  readonly tokenFile?: string;
}): Promise<string | null> {
  const { token, tokenFile } = given;
  if (token === undefined && tokenFile === undefined) return null;
  const said = (
    token ?? (tokenFile === '-' ? await text(process.stdin) : await readOrTell(tokenFile ?? ''))
  ).trim();
  if (FORM.test(said)) return said;
  throw new HostProblem({
    what: 'This is no join token.',
    why: 'one begins with join_ and has 43 characters after it',
    remedy: 'copy it whole, as ./causeway executor join-token printed it',
  });
}

function readOrTell(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new HostProblem({
      what: `The join token cannot be read from ${file}.`,
      why: `reading it failed with ${error.code}`,
      remedy: 'name the file that holds it, or - for stdin',
    });
  });
}
