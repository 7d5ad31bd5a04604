import { createTwoFilesPatch } from 'diff';
import { selectProjectAt } from '../database/projects.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { type ChangeKind, changedPaths, type FileEntry } from './change-files.ts';
import { foundCommit, foundProject } from './find-project.ts';
import { readBlobText } from './read-blob.ts';

const FILES_MAX = 100;
const PATCH_CHARS_MAX = 48 * 1024;
/** Two files that differ in more lines than this are shown by their sizes: the search for the shortest patch is quadratic in it. */
const EDITS_MAX = 4_000;

export interface CommitDiff {
  readonly project: string;
  readonly from: string | null;
  readonly to: string;
  readonly total: number;
  readonly truncated: boolean;
  readonly files: readonly {
    readonly path: string;
    readonly kind: ChangeKind;
    /** A unified diff; null where the answer is full or the two differ too much. */
    readonly patch: string | null;
  }[];
}

/** What changed from one commit to another, as unified diffs. One database request, two blobs a shown file. */
export async function diffCommits(
  platform: Platform,
  principal: Principal,
  asked: { project: string; from: string | undefined; to: string | undefined; path: string | undefined },
): Promise<CommitDiff> {
  const [toAt, fromAt] = await withTenant(platform.database, principal, [
    selectProjectAt(asked.project, asked.to ?? null),
    selectProjectAt(asked.project, asked.from ?? null),
  ] as const);
  const to = foundCommit(foundProject(toAt, asked.project), asked.to);
  const from = asked.from === undefined ? null : foundCommit(foundProject(fromAt, asked.project), asked.from);
  const paths = changedPaths(from?.files ?? {}, to.files).filter((path) => isUnder(path, asked.path));

  const files: { path: string; kind: ChangeKind; patch: string | null }[] = [];
  let room = PATCH_CHARS_MAX;
  for (const path of paths.slice(0, FILES_MAX)) {
    const before = from?.files[path];
    const after = to.files[path];
    const patch = room > 0 ? await patchOf(platform, principal.tenantId, path, before, after) : null;
    const shown = patch !== null && patch.length <= room ? patch : null;
    room -= shown?.length ?? 0;
    files.push({
      path,
      kind: before === undefined ? 'added' : after === undefined ? 'deleted' : 'modified',
      patch: shown,
    });
  }
  return {
    project: to.project.id,
    from: from?.commit ?? null,
    to: to.commit,
    total: paths.length,
    truncated: paths.length > files.length || files.some(({ patch }) => patch === null),
    files,
  };
}

async function patchOf(
  platform: Platform,
  tenantId: string,
  path: string,
  before: FileEntry | undefined,
  after: FileEntry | undefined,
): Promise<string | null> {
  const [oldText, newText] = await Promise.all(
    [before, after].map((entry) => (entry === undefined ? '' : readBlobText(platform, tenantId, entry))),
  );
  const patch = createTwoFilesPatch(
    before === undefined ? '/dev/null' : `a/${path}`,
    after === undefined ? '/dev/null' : `b/${path}`,
    oldText ?? '',
    newText ?? '',
    undefined,
    undefined,
    { context: 3, maxEditLength: EDITS_MAX },
  );
  return patch === undefined ? null : patch.replace(/^=+\n/, '');
}

function isUnder(path: string, wanted: string | undefined): boolean {
  return wanted === undefined || path === wanted || path.startsWith(`${wanted.replace(/\/$/, '')}/`);
}
