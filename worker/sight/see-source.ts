import type { Description } from '../data/description.ts';
import { type LoadLines, loadLines } from '../data/load-lines.ts';
import type { DescribedSource, ListedSource, SnapshotRecorded } from '../database/data.ts';
import { magnitude } from './magnitude.ts';
import { openUnseen, type Unseen } from './unseen.ts';
import { withheldRows } from './withheld.ts';

/** A snapshot of a source, for {@link seeSnapshot}. */
export type StoredSnapshot = Pick<
  DescribedSource,
  'project' | 'name' | 'source' | 'sha256' | 'format' | 'bytes' | 'agent_sees' | 'sight'
> & { readonly description: Description };

/** The snapshot that an import has recorded, or that was there already. */
export type Imported = StoredSnapshot &
  Pick<SnapshotRecorded, 'new_snapshot' | 'replaces'> & { readonly replayed: boolean };

/** A snapshot as the tools show it. What the caller may not see is null, or not there. */
export interface SeenSnapshot
  extends LoadLines,
    Pick<StoredSnapshot, 'project' | 'name' | 'source' | 'agent_sees' | 'format'> {
  readonly sha256: string | null;
  readonly bytes: number | null;
  readonly row_count: number | null;
  readonly column_count: number | null;
  readonly columns: { name: string; type: string; nulls?: number }[];
  readonly columns_truncated: boolean;
  readonly sample: (string | null)[][];
  /** The order of magnitude of what is not seen in full; else null. */
  readonly about: { readonly rows: string; readonly columns: string } | null;
}

/** A snapshot as the caller may see it. The one way from data to a description of it. Pure. */
function seeSnapshot(closed: Unseen<StoredSnapshot>): SeenSnapshot {
  const { project, name, source, sha256, format, bytes, description, agent_sees, sight } = openUnseen(closed);
  const { row_count, column_count, columns, sample } = description;
  const named = { project, name, source, agent_sees, format };
  if (sight === 'all')
    return {
      ...named,
      sha256,
      bytes,
      row_count,
      column_count,
      columns,
      columns_truncated: columns.length < column_count,
      sample,
      about: null,
      ...loadLines(name, format, columns),
    };
  // A program that has read withheld data also names the columns of what it leaves, so these names may hold values.
  const shown = sight === 'schema' ? columns : [];
  return {
    ...named,
    sha256: null,
    bytes: null,
    row_count: null,
    column_count: sight === 'schema' ? column_count : null,
    columns: shown.map((column) => ({ name: column.name, type: column.type })),
    columns_truncated: sight === 'schema' && shown.length < column_count,
    sample: [],
    about: { rows: magnitude(row_count), columns: magnitude(column_count) },
    ...loadLines(name, format, shown),
  };
}

/**
 * What a source holds now, as the caller may see it. When it was imported, where from, and how many snapshots there are
 * is shown only with the rows: importing bytes that are there already changes none of these, so they would tell whether
 * a guess was right. Pure.
 */
export function seeDescribed(closed: Unseen<DescribedSource>) {
  const { imported_at, origin, snapshots, sight } = openUnseen(closed);
  const seen = seeSnapshot(closed);
  return sight === 'all'
    ? { ...seen, imported_at, origin: { ...origin }, snapshots }
    : { ...seen, imported_at: null, origin: null, snapshots: null };
}

/**
 * What was imported, as the caller may see it. Whether the bytes were there before is told only of data that they may
 * see in full. Pure.
 */
export function seeImported(closed: Unseen<Imported>) {
  const { sight, new_snapshot, replaces, replayed } = openUnseen(closed);
  const seen = seeSnapshot(closed);
  return sight === 'all'
    ? { ...seen, new_snapshot, replaces, replayed }
    : { ...seen, new_snapshot: true, replaces: null, replayed };
}

/** All of a source; refuses who may not see it. */
export function openSource<Stored extends Pick<DescribedSource, 'name' | 'sight'>>(
  closed: Unseen<Stored>,
): Stored {
  const source = openUnseen(closed);
  if (source.sight !== 'all') throw withheldRows(source.name);
  return source;
}

/** A line of a list of sources. Pure. */
export function seeListed(closed: Unseen<ListedSource>) {
  const { sight, ...listed } = openUnseen(closed);
  if (sight === 'all') return listed;
  const column_count = sight === 'schema' ? listed.column_count : null;
  return { ...listed, sha256: null, bytes: null, row_count: null, column_count, imported_at: null };
}
