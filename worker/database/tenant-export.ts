import type { ExportProof } from '../audit/export-header.ts';
import { onlyRow, type Query, query } from './query.ts';

/** For an owner in a session, or the system: records the export; the tables of which it has rows. */
export function beginExport(): Query<readonly string[]> {
  return query(
    'select app.system_begin_tenant_export() as tables',
    [],
    (rows) => onlyRow(rows).tables as string[],
  );
}

/** A row as JSON text, with the key behind which the next page begins. */
export interface ExportedRow<Key> {
  readonly key: Key;
  readonly line: string;
}

/** Rows of a table, by primary key; about `bytesMax` bytes and at least one row. */
export function exportRows(
  relation: string,
  after: readonly string[] | null,
  page: { readonly rowsMax: number; readonly bytesMax: number },
): Query<readonly ExportedRow<string[]>[]> {
  return query(
    'select key, line from app.system_export_rows($1, $2, $3, $4)',
    [relation, after === null ? null : JSON.stringify(after), page.rowsMax, page.bytesMax],
    (rows) => rows.map(({ key, line }) => ({ key: key as string[], line: line as string })),
  );
}

/** Who belongs or belonged to the tenant, by id. */
export function exportPeople(after: string | null, rowsMax: number): Query<readonly ExportedRow<string>[]> {
  return query('select user_id, line from app.system_export_people($1, $2)', [after, rowsMax], (rows) =>
    rows.map(({ user_id, line }) => ({ key: user_id as string, line: line as string })),
  );
}

/** A commit with what it changed: the new file, or null where it deleted one. */
export interface ExportedCommit {
  readonly position: number;
  readonly id: string;
  readonly message: string;
  readonly author: string;
  readonly email: string;
  /** Unix seconds. */
  readonly at: number;
  readonly changes: readonly {
    readonly path: string;
    readonly file: { readonly sha256: string; readonly bytes: number } | null;
  }[];
}

/** Commits of a project behind a position, oldest first. */
export function exportCommits(
  project: string,
  after: number,
  rowsMax: number,
): Query<readonly ExportedCommit[]> {
  return query(
    'select "position", commit from app.system_export_commits($1, $2, $3)',
    [project, after, rowsMax],
    (rows) =>
      rows.map(({ position, commit }) => ({ ...(commit as ExportedCommit), position: position as number })),
  );
}

/** The next project that has commits, by id; null behind the last. */
export function nextProject(after: string | null): Query<string | null> {
  return query(
    'select app.system_next_project($1) as project',
    [after],
    (rows) => onlyRow(rows).project as string | null,
  );
}

/** Digests of contents that rows name and that were not purged, by name. */
export function exportBlobNames(after: string | null, rowsMax: number): Query<readonly string[]> {
  return query('select sha256 from app.system_export_blob_names($1, $2)', [after, rowsMax], (rows) =>
    rows.map(({ sha256 }) => sha256 as string),
  );
}

/** What ties the tenant's log to the newest checkpoint; null where none covers it. */
export function exportAuditProof(): Query<ExportProof | null> {
  return query(
    'select app.system_export_audit_proof() as proof',
    [],
    (rows) => (rows[0]?.proof ?? null) as ExportProof | null,
  );
}

/** Lines of the tenant's log, as of a size, from an index on. */
export function exportAuditLines(size: number, from: number, linesMax: number): Query<readonly string[]> {
  return query('select line from app.system_export_audit_lines($1, $2, $3)', [size, from, linesMax], (rows) =>
    rows.map(({ line }) => line as string),
  );
}
