import type { ChangeKind, Files } from '../projects/change-files.ts';
import type { Idempotency } from '../tenants/idempotency.ts';
import { callFunction } from './call-function.ts';
import { countedRows, onlyRow, type Query, query, type Row } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

export interface ProjectRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly headCommit: string | null;
  readonly createdAt: string;
  readonly archivedAt: string | null;
  /** Seen by those alone who have a role on it. */
  readonly restricted: boolean;
}

/** Roles on a project, weakest first. */
export const PROJECT_ROLES = ['viewer', 'editor', 'owner'] as const;
export type ProjectRole = (typeof PROJECT_ROLES)[number];

export interface ListedProject extends ProjectRow {
  /** What the caller may do on it. */
  readonly role: ProjectRole;
}

/** A project at one commit, or at none where it has no commit yet. */
export interface ProjectAt {
  readonly project: ProjectRow;
  /** The commit that the reference names; null where it names none. */
  readonly commit: string | null;
  readonly files: Files;
}

const COLUMNS = `p.project_id, p.name, p.description, p.head_commit, p.archived_at, p.restricted,
  to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at`;

/** The project that an id or a name names, with its files at `ref` (null: the head); null where it is absent. */
export function selectProjectAt(reference: string, ref: string | null): Query<ProjectAt | null> {
  return query(
    `select ${COLUMNS}, p.commit_id, p.files from app.project_at($1, $2) as p`,
    [reference, ref],
    ([row]) =>
      row === undefined
        ? null
        : {
            project: readProject(row),
            commit: row.commit_id as string | null,
            files: row.files as Files,
          },
  );
}

/** Projects by name, a page: those after a name (in lower case) and id; with how many there are in all. */
export function selectProjects(page: {
  archived: boolean;
  after: { name: string; id: string };
  limit: number;
}): Query<{ readonly total: number; readonly rows: readonly ListedProject[] }> {
  return query(
    `with shown as (select * from app.projects as p where $1 or p.archived_at is null)
     select ${COLUMNS}, (select count(*)::integer from shown) as total,
            app.least_project_role((select app.role()), p.restricted, m.role) as role
       from (select 1) as one left join lateral (
         select * from shown where (lower(name), project_id) > ($2, $3) order by lower(name), project_id limit $4) as p on true
       left join app.project_members as m on m.project_id = p.project_id and m.user_id = (select app.user_id())
      order by lower(p.name), p.project_id`,
    [page.archived, page.after.name, page.after.id, page.limit],
    (rows) =>
      countedRows(rows, 'project_id', (row) => ({ ...readProject(row), role: row.role as ProjectRole })),
  );
}

/** What the caller lacks for `needed` on the project that an id or a name names; null where nothing, or where it is absent. */
export function selectProjectRefusal(
  reference: string,
  needed: ProjectRole,
): Query<ProjectRoleRefusal | null> {
  return query(
    'select app.project_refusal(app.project_id($1), $2) as refusal',
    [reference, needed],
    (rows) => {
      const refusal = onlyRow(rows).refusal as { code: string; details?: ProjectRoleRefusal } | null;
      return refusal?.code === 'insufficient_role' ? (refusal.details ?? null) : null;
    },
  );
}

/** The role that a caller has on a project, and the one that a call needs. */
export type ProjectRoleRefusal = { readonly role: ProjectRole; readonly needed: ProjectRole };

export function createProjectRow(project: {
  id: string;
  name: string;
  description: string;
  restricted: boolean;
  idempotency: Idempotency | null;
}): Query<SqlAnswer<{ project: string; replayed?: true }>> {
  return callFunction('app.create_project($1, $2, $3, $4, $5)', [
    project.id,
    project.name,
    project.description,
    project.restricted,
    toJson(project.idempotency),
  ]);
}

/** Refuses with `insufficient_role` or `not_found`. */
export function archiveProjectRow(project: string): Query<SqlAnswer<{ changed: boolean }>> {
  return callFunction('app.archive_project($1)', [project]);
}

export interface CommitToRecord {
  readonly id: string;
  readonly message: string;
  readonly author_name: string;
  readonly author_email: string;
  readonly authored_at: number;
  readonly changes: readonly { path: string; kind: ChangeKind }[];
}

export type RecordedCommit = SqlAnswer<{
  commit: string;
  parent: string | null;
  changes: { path: string; kind: ChangeKind }[];
  replayed?: true;
}>;

export function recordCommit(
  project: string,
  parent: string | null,
  commit: CommitToRecord,
  tree: { id: string; files: Files; file_count: number; bytes: number },
  idempotency: Idempotency | null,
): Query<RecordedCommit> {
  return callFunction('app.record_commit($1, $2, $3, $4, $5)', [
    project,
    parent,
    JSON.stringify(commit),
    JSON.stringify(tree),
    toJson(idempotency),
  ]);
}

/** What a call with this key answered before, its refusal where the key was another call's, or null where it is new. */
export function recall<Result>(idempotency: Idempotency | null): Query<SqlAnswer<Result> | null> {
  return query(
    'select app.recall($1) as answer',
    [toJson(idempotency)],
    (rows) => onlyRow(rows).answer as SqlAnswer<Result> | null,
  );
}

function toJson(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

function readProject(row: Row): ProjectRow {
  return {
    id: row.project_id as string,
    name: row.name as string,
    description: row.description as string,
    headCommit: row.head_commit as string | null,
    createdAt: row.created_at as string,
    archivedAt: row.archived_at as string | null,
    restricted: row.restricted as boolean,
  };
}
