import type { ProjectPath } from './parse-path.ts';

/** A file as a tree knows it: git's blob id, the SHA-256 under which its bytes are stored, and their number. */
export interface FileEntry {
  readonly blob: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** All files of a commit by path. */
export type Files = Readonly<Record<string, FileEntry>>;

/** What a commit does to one path: its new entry, or null to delete it. */
export interface FileChange {
  readonly path: ProjectPath;
  readonly entry: FileEntry | null;
}

export type ChangeKind = 'added' | 'modified' | 'deleted';

export type ChangedFiles =
  | {
      readonly ok: true;
      readonly files: Files;
      readonly changes: readonly { path: string; kind: ChangeKind }[];
    }
  | {
      readonly ok: false;
      readonly code: 'not_found' | 'invalid_path' | 'too_many_files';
      readonly message: string;
    };

/** Applies changes to a commit's files. Pure; an entry equal to the present one changes nothing. */
export function changeFiles(files: Files, changes: readonly FileChange[], filesMax: number): ChangedFiles {
  const next = new Map(Object.entries(files));
  const done: { path: string; kind: ChangeKind }[] = [];
  for (const { path, entry } of changes) {
    const present = next.get(path);
    if (entry === null) {
      if (present === undefined)
        return {
          ok: false,
          code: 'not_found',
          message: `\`${path}\` is not in the project, so it cannot be deleted.`,
        };
      next.delete(path);
      done.push({ path, kind: 'deleted' });
    } else if (present?.blob !== entry.blob) {
      next.set(path, entry);
      done.push({ path, kind: present === undefined ? 'added' : 'modified' });
    }
  }
  if (next.size > filesMax) {
    return {
      ok: false,
      code: 'too_many_files',
      message: `The project would hold ${next.size} files; it may hold ${filesMax}.`,
    };
  }
  const conflict = fileInTheWay(next);
  if (conflict !== null)
    return {
      ok: false,
      code: 'invalid_path',
      message: `\`${conflict}\` cannot be both a file and a folder.`,
    };
  return { ok: true, files: Object.fromEntries(next), changes: done };
}

/** Paths whose content differs between two commits, sorted. */
export function changedPaths(from: Files, to: Files): string[] {
  const paths = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...paths].filter((path) => from[path]?.blob !== to[path]?.blob).sort();
}

function fileInTheWay(files: ReadonlyMap<string, FileEntry>): string | null {
  for (const path of files.keys()) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      if (files.has(path.slice(0, slash))) return path.slice(0, slash);
    }
  }
  return null;
}
