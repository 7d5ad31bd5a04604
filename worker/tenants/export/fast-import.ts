import { utf8 } from '../../blobs/sha256.ts';
import type { ExportedCommit } from '../../database/tenant-export.ts';
import { identityText } from '../../projects/git-objects.ts';

/**
 * A commit as `git fast-import` reads it. Who imports all commits of a project in order gets a repository with the very same
 * commit ids. `contents` gives the bytes of each changed file by path.
 */
export function fastImportCommit(
  commit: ExportedCommit,
  contents: ReadonlyMap<string, Uint8Array>,
): readonly Uint8Array[] {
  const who = `${identityText(commit.author)} <${identityText(commit.email)}> ${commit.at} +0000`;
  const message = utf8(commit.message);
  const pieces: Uint8Array[] = [
    utf8(
      `commit refs/heads/main\nmark :${commit.position}\nauthor ${who}\ncommitter ${who}\ndata ${message.byteLength}\n`,
    ),
    message,
    utf8('\n'),
  ];
  // What is deleted goes first, so that a file may take the name of a folder.
  for (const { path, file } of commit.changes)
    if (file === null) pieces.push(utf8(`D ${quotedPath(path)}\n`));
  for (const { path, file } of commit.changes) {
    if (file === null) continue;
    const bytes = contents.get(path) ?? new Uint8Array();
    pieces.push(utf8(`M 100644 inline ${quotedPath(path)}\ndata ${bytes.byteLength}\n`), bytes, utf8('\n'));
  }
  pieces.push(utf8('\n'));
  return pieces;
}

/** A path as git quotes it. */
function quotedPath(path: string): string {
  return `"${path.replace(/["\\]/g, (char) => `\\${char}`)}"`;
}
