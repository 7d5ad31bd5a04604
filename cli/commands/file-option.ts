import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Failure } from '../terminal/failure.ts';
import { refusedBySystem } from '../terminal/refused-by-system.ts';

/**
 * A parser for an option that names a file to be written: a place where none can be is refused before anything is done, and
 * not when what belongs into it was made. Gives the path as it was written.
 */
export function fileToWrite(path: string): string {
  const refused = judgePlace(resolve(path));
  if (refused === null) return path;
  const { why, remedy } = refused;
  throw new Failure({ what: `${path} cannot be written.`, why, remedy });
}

function judgePlace(file: string): { readonly why: string; readonly remedy: string } | null {
  const folder = dirname(file);
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found === undefined)
      return { why: `there is no folder ${folder}`, remedy: `mkdir -p ${folder}, or name a file elsewhere` };
    if (!found.isDirectory()) return { why: `${folder} is a file`, remedy: 'name a file in a folder' };
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
      return { why: 'it is a folder', remedy: 'name a file in it' };
    accessSync(folder, constants.W_OK | constants.X_OK);
    return null;
  } catch (thrown) {
    const refused = refusedBySystem(thrown);
    if (refused === null) throw thrown;
    return refused;
  }
}
