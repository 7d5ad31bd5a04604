/** An address of a Unix socket has 107 bytes (unix(7)), of which the name of the control socket in the folder takes 13. */
export const DIR_BYTES_MAX = 94;

const ELSEWHERE = 'or give another folder with --state';

/** By error code of making or finding a folder: what is wrong, and what to do. */
const FOLDER_FAULTS: Readonly<Record<string, string>> = {
  EACCES: `This process may not make or enter it. Give it to root, ${ELSEWHERE}.`,
  EROFS: `It is on a read-only file system. Mount that for writing, ${ELSEWHERE}.`,
  ENOSPC: `Its disk has no room or no inodes left. Make room, ${ELSEWHERE}.`,
  ENOTDIR: `A part of its path is a file. Move that away, ${ELSEWHERE}.`,
  EEXIST: `A file, or a link to nothing, has its name. Move that away, ${ELSEWHERE}.`,
  ENOENT:
    'No folder can be made there: it is below /proc or its like, or below a link to nothing. Give another one with --state.',
  ENAMETOOLONG: `Without symbolic links its path has more than the ${DIR_BYTES_MAX} bytes that leave room for a socket in it. Give a shorter one with --state.`,
};

/** Why there can be no state folder here, with the remedy. Pure. */
export function folderFault(dir: string, code: string): string {
  return `The state folder ${dir} cannot be used (${code}). ${FOLDER_FAULTS[code] ?? `Mend that, ${ELSEWHERE}.`}`;
}

const TOO_MANY_FILES =
  'Too many files are open: raise the limit (LimitNOFILE of the service, fs.file-max of the host).';

/** By what came of locking a file in the folder. */
const LOCK_FAULTS: Readonly<Record<string, string>> = {
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
  'flock: ENOENT': 'This host has no flock program: install util-linux.',
};

/** Why the folder cannot be held although nobody holds it. Pure. */
export function lockFault(dir: string, code: string): string {
  if (code in FOLDER_FAULTS) return folderFault(dir, code);
  const remedy =
    LOCK_FAULTS[code] ??
    'Its file system gives no lock, or the kernel no process to take one: put it on a disk of this host, or look for a lack of memory.';
  return `The state folder ${dir} cannot be held (${code}), though nobody else holds it. ${remedy}`;
}
