import { Failure } from './failure.ts';

/** Why the operating system refused, and what to do, by its code. */
const REFUSALS: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  EROFS: ['the file system is read-only', 'name a folder that can be written'],
  EACCES: ['this user has no right to it', 'name another place, or call this as a user who may'],
  EPERM: ['this user has no right to it', 'name another place, or call this as a user who may'],
  ENOTDIR: ['a part of the path is a file', 'name a folder'],
  EISDIR: ['it is a folder', 'name a file'],
  ENOSPC: ['the disk is full', 'make room, or name a folder on another disk'],
  EDQUOT: ['the quota of this user is used up', 'make room, or name a folder on another disk'],
};
/** The same, of a folder that was to be made. ENOENT is what the kernel says of one below /proc. */
const NO_FOLDER: typeof REFUSALS = {
  ENOENT: ['no folder can be made there', 'name a folder that can be written'],
  EEXIST: ['a file is there already', 'name a folder'],
};

/** The failure behind an error of the file system that is the machine's and no bug of ours; null for any other. */
export function refusedBySystem(thrown: unknown): Failure | null {
  if (!(thrown instanceof Error)) return null;
  const { code = '', syscall, path } = thrown as NodeJS.ErrnoException;
  const known = (syscall === 'mkdir' ? NO_FOLDER[code] : undefined) ?? REFUSALS[code];
  if (known === undefined || syscall === undefined) return null;
  const [why, remedy] = known;
  return new Failure({
    what: `${path ?? 'A file'} was not opened or written.`,
    why: `${why} (${code})`,
    remedy,
  });
}
