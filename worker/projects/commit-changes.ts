import { limit } from '../../protocol/limits.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import {
  type ProjectAt,
  type ProjectRow,
  type RecordedCommit,
  recall,
  recordCommit,
  selectProjectAt,
  selectProjectRefusal,
} from '../database/projects.ts';
import { withTenant, withTenantAs } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import { type Idempotency, usedKey } from '../tenants/idempotency.ts';
import type { Identity, Principal } from '../tenants/principal.ts';
import { type ChangeKind, changedPaths, changeFiles, type FileChange } from './change-files.ts';
import { foundProject } from './find-project.ts';
import { blobObject, commitObject, treeObjects } from './git-objects.ts';
import type { ProjectPath } from './parse-path.ts';
import { refuseRole } from './refuse-role.ts';

/** New content for a path, or null to delete it. */
export interface NewContent {
  readonly path: ProjectPath;
  readonly content: string | null;
}

export interface CommitRequest {
  readonly project: string;
  readonly message: string;
  /** What changes, given the project as it is; called again where another commit came first. */
  readonly change: (head: ProjectAt) => Promise<readonly NewContent[]> | readonly NewContent[];
  /** The commit that the caller has seen: a change since then of a path that this commit touches refuses it. */
  readonly expectedCommit: string | undefined;
  /** Asked with what the commit would change, before anything is stored. It throws where that must not be done. */
  readonly confirm?: (project: ProjectRow, changes: CommitMade['changes']) => Promise<void>;
  readonly idempotency: Idempotency | null;
}

export interface CommitMade {
  readonly project: string;
  /** The head after the call. */
  readonly commit: string;
  readonly parent: string | null;
  readonly changes: readonly { readonly path: string; readonly kind: ChangeKind }[];
  /** False where the files were so already; then no commit is made. */
  readonly committed: boolean;
  readonly replayed: boolean;
}

/** How often a commit begins again because another one moved the head between its two requests. */
const ATTEMPTS_MAX = 12;
/** Commits that met step apart by a random pause of up to this times the attempt. */
const PAUSE_MS = 20;

/**
 * Makes one commit on the project's head: read, merge, store the blobs, record. Two database requests; two more for each
 * time that another commit came between. Concurrent commits of different paths all succeed, in some order.
 */
export async function commitChanges(
  platform: Platform,
  principal: Principal,
  request: CommitRequest,
): Promise<CommitMade> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const { identity, results } = await withTenantAs(platform.database, principal, [
      recall<CommitAnswer>(request.idempotency),
      selectProjectAt(request.project, null),
      selectProjectAt(request.project, request.expectedCommit ?? null),
      selectProjectRefusal(request.project, 'editor'),
    ] as const);
    const [seen, head, expected, lacking] = results;
    if (seen !== null) return fromRecord(seen, head?.project.id ?? request.project);
    const found = foundProject(head, request.project);
    if (lacking !== null) throw refuseRole(lacking);
    if (found.project.archivedAt !== null) throw archived(found.project.name);
    const contents = await request.change(found);
    if (request.expectedCommit !== undefined) refuseStale(found, expected, request.expectedCommit, contents);

    const made = await makeCommit(found, contents, request.message, identity);
    if (made === null) return unchanged(found);
    await request.confirm?.(found.project, made.commit.changes);
    await storeBlobs(platform, principal, made.blobs);
    const [recorded] = await withTenant(platform.database, principal, [
      recordCommit(found.project.id, found.commit, made.commit, made.tree, request.idempotency),
    ] as const);
    if (recorded.ok && recorded.replayed !== true) publishCommit(platform, principal, found, recorded);
    if (recorded.ok || recorded.code !== 'head_moved') return fromRecord(recorded, found.project.id);
    await new Promise((resume) => setTimeout(resume, Math.random() * PAUSE_MS * attempt));
  }
  throw new Refusal('stale_commit', 'Other commits kept coming between; nothing was written.', {
    hint: 'Try again.',
    retryAfterSeconds: 1,
  });
}

type CommitAnswer = Extract<RecordedCommit, { ok: true }>;

/** The commit on `head`, with its tree and the blobs that it needs; null where the files are so already. Stores nothing. */
async function makeCommit(
  head: ProjectAt,
  contents: readonly NewContent[],
  message: string,
  author: Identity,
) {
  const blobs = await Promise.all(contents.map(prepare));
  const changed = changeFiles(head.files, blobs, limit('project_files'));
  if (!changed.ok) throw new Refusal(changed.code, changed.message);
  if (changed.changes.length === 0 && head.commit !== null) return null;

  const trees = await treeObjects(
    new Map(Object.entries(changed.files).map(([path, entry]) => [path, entry.blob])),
  );
  const treeId = trees.at(-1)?.id ?? '';
  const fields = {
    authorName: author.userName ?? 'Causeway',
    authorEmail: author.userEmail ?? 'nobody@invalid',
    authoredAt: Math.floor(Date.now() / 1000),
    message: message.endsWith('\n') ? message : `${message}\n`,
  };
  const commit = await commitObject({ tree: treeId, parent: head.commit, ...fields });
  const entries = Object.values(changed.files);
  return {
    blobs,
    commit: {
      id: commit.id,
      message: fields.message,
      author_name: fields.authorName,
      author_email: fields.authorEmail,
      authored_at: fields.authoredAt,
      changes: changed.changes,
    },
    tree: {
      id: treeId,
      files: changed.files,
      file_count: entries.length,
      bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
    },
  };
}

/** A change of a file, with what it is to hold. */
type PreparedChange = FileChange & { readonly bytes: Uint8Array<ArrayBuffer> | null };

async function prepare({ path, content }: NewContent): Promise<PreparedChange> {
  if (content === null) return { path, entry: null, bytes: null };
  const bytes = utf8(content);
  const [blob, sha256] = await Promise.all([blobObject(bytes), sha256Hex(bytes)]);
  return { path, entry: { blob: blob.id, sha256, bytes: bytes.byteLength }, bytes };
}

async function storeBlobs(
  { blobs }: Platform,
  { tenantId }: Principal,
  prepared: readonly PreparedChange[],
): Promise<void> {
  await Promise.all(
    prepared.map(async ({ entry, bytes }) => {
      if (entry === null || bytes === null) return;
      await blobs.put({ tenant: tenantId, sha256: entry.sha256 }, bytes, bytes.byteLength);
    }),
  );
}

function unchanged({ project, commit }: ProjectAt): CommitMade {
  return {
    project: project.id,
    commit: commit ?? '',
    parent: null,
    changes: [],
    committed: false,
    replayed: false,
  };
}

function publishCommit(
  platform: Platform,
  { tenantId }: Principal,
  { project }: ProjectAt,
  { changes }: CommitAnswer,
): void {
  platform.publish(tenantId, {
    kind: 'files',
    project: project.id,
    paths: changes.map(({ path }) => path),
    listed: changes.some(({ kind }) => kind !== 'modified'),
  });
}

function refuseStale(
  head: ProjectAt,
  expected: ProjectAt | null,
  expectedCommit: string,
  contents: readonly NewContent[],
): void {
  if (expected === null || expected.commit === null) {
    throw new Refusal('not_found', `The project has no commit \`${expectedCommit.slice(0, 40)}\`.`, {
      hint: `The head is ${head.commit ?? 'none yet'}; expected_commit names the commit that you last saw.`,
    });
  }
  const since = new Set(changedPaths(expected.files, head.files));
  const touched = contents.map(({ path }) => path as string).filter((path) => since.has(path));
  if (touched.length === 0) return;
  throw new Refusal(
    'stale_commit',
    `Since ${expected.commit.slice(0, 7)} another commit changed ${touched.join(', ')}; nothing was written.`,
    {
      hint: 'Read those files again, merge, and repeat with expected_commit set to the head.',
      details: { head: head.commit, changed_paths: touched },
    },
  );
}

function fromRecord(answer: RecordedCommit, project: string): CommitMade {
  if (answer.ok) {
    return {
      project,
      commit: answer.commit,
      parent: answer.parent,
      changes: answer.changes,
      committed: true,
      replayed: answer.replayed === true,
    };
  }
  if (answer.code === 'head_moved') throw new Error('head_moved is handled by the caller');
  if (answer.code === 'project_archived') throw archived(project);
  if (answer.code === 'idempotency_conflict') throw usedKey();
  if (answer.code === 'insufficient_role') throw refuseRole(answer.details);
  throw new Refusal(
    answer.code,
    answer.message ?? 'The commit was refused; nothing was written.',
    answer.details === undefined ? {} : { details: answer.details },
  );
}

function archived(name: string): Refusal {
  return new Refusal('project_archived', `The project \`${name}\` is archived and takes no changes.`, {
    hint: 'Create a new project, or read this one.',
  });
}
