import type { ChangeKind } from '../projects/change-files.ts';
import { type Query, query, type Row } from './query.ts';

export interface CommitRow {
  readonly id: string;
  readonly parent: string | null;
  readonly message: string;
  readonly authorName: string;
  readonly authoredAt: string;
  readonly position: number;
  readonly changes: readonly { path: string; kind: ChangeKind }[];
}

/** Commits of a project, newest first, a page: those before `beforePosition`; null where the project is absent. */
export function selectCommits(
  project: string,
  beforePosition: number,
  limit: number,
): Query<{ total: number; commits: CommitRow[] } | null> {
  return query(
    `select coalesce((select max(c.position) from app.commits as c where c.project_id = p.project_id), 0) as total,
            c.commit_id, c.parent_id, c.message, c.author_name, c.position, c.changes,
            to_char(c.authored_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as authored_at
       from app.projects as p left join lateral (
         select * from app.commits as c where c.project_id = p.project_id and c.position < $2 order by c.position desc limit $3
       ) as c on true
      where p.project_id = app.project_id($1)`,
    [project, beforePosition, limit],
    (rows) =>
      rows[0] === undefined
        ? null
        : {
            total: rows[0].total as number,
            commits: rows.filter((row) => row.commit_id !== null).map(readCommit),
          },
  );
}

function readCommit(row: Row): CommitRow {
  return {
    id: row.commit_id as string,
    parent: row.parent_id as string | null,
    message: row.message as string,
    authorName: row.author_name as string,
    authoredAt: row.authored_at as string,
    position: row.position as number,
    changes: row.changes as CommitRow['changes'],
  };
}
