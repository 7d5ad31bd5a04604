import type { DataFormat } from '../../protocol/manifest.ts';
import type { Description } from '../data/description.ts';
import type { AgentSees, Sight } from '../sight/agent-sees.ts';
import type { Unseen } from '../sight/unseen.ts';
import type { Idempotency } from '../tenants/idempotency.ts';
import { callFunction } from './call-function.ts';
import { onlyRow, type Query, query } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

/** Where the bytes of an import come from, as it is recorded with the snapshot. */
export type Origin =
  | { readonly kind: 'text'; readonly sha256: string; readonly bytes: number }
  | { readonly kind: 'upload'; readonly upload: string }
  | { readonly kind: 'run'; readonly run: string; readonly name: string };

/** What is known of an import before it is done; `description` where equal bytes were described before. */
export type ImportBegun = SqlAnswer<
  | {
      readonly project: string;
      readonly sha256: string;
      readonly bytes: number;
      readonly description: Description | null;
      /** What the caller will see of it. */
      readonly sight: Sight;
      readonly replayed?: never;
    }
  | (SnapshotRecorded & {
      readonly replayed: true;
      readonly bytes: number;
      readonly description: Description;
    })
>;

export interface SnapshotRecorded {
  readonly agent_sees: AgentSees;
  /** What the caller sees of it. */
  readonly sight: Sight;
  readonly project: string;
  readonly source: string;
  readonly sha256: string;
  /** False where the source had these bytes already. */
  readonly new_snapshot: boolean;
  /** The snapshot that the name meant until now. */
  readonly replaces: string | null;
}

/**
 * Finds the bytes of an import and what is known of them. `describer` is the version of the description that is wanted.
 * Refuses with `not_found` (details.kind: project, upload, run or output), `project_archived`, `upload_refused`,
 * `idempotency_conflict`; and for an output that the caller may not see with `rate_limited`, or `invalid_data` where there is none.
 */
export function beginImport(asked: {
  project: string;
  name: string;
  format: DataFormat;
  origin: Origin;
  agentSees?: 'schema_only' | undefined;
  describer: string;
  withheldMax: number;
  idempotency: Idempotency | null;
}): Query<ImportBegun> {
  return callFunction('app.begin_import($1, $2, $3, $4, $5, $6, $7, $8)', [
    asked.project,
    asked.name,
    asked.format,
    JSON.stringify(asked.origin),
    asked.agentSees ?? null,
    asked.describer,
    asked.withheldMax,
    nullableJson(asked.idempotency),
  ]);
}

/** What the caller would see of such an import now. */
export function importSight(asked: {
  project: string;
  name: string;
  origin: Origin;
  agentSees: 'schema_only' | undefined;
}): Query<Sight> {
  return query(
    'select app.import_sight($1, $2, $3, $4) as sight',
    [asked.project, asked.name, JSON.stringify(asked.origin), asked.agentSees ?? null],
    (rows) => onlyRow(rows).sight as Sight,
  );
}

/** Adds a checked snapshot and makes it the current one of its source, which is made where the name is new. */
export function recordSnapshot(asked: {
  project: string;
  /** The id of the source, if the name is new. */
  source: string;
  name: string;
  snapshot: {
    sha256: string;
    format: DataFormat;
    bytes: number;
    description: Description;
    origin: Origin;
    agent_sees?: 'schema_only' | undefined;
  };
  sourcesMax: number;
  idempotency: Idempotency | null;
}): Query<SqlAnswer<SnapshotRecorded & { readonly replayed?: true }>> {
  const snapshot = { ...asked.snapshot, row_count: asked.snapshot.description.row_count };
  return callFunction('app.record_snapshot($1, $2, $3, $4, $5, $6)', [
    asked.project,
    asked.source,
    asked.name,
    JSON.stringify(snapshot),
    asked.sourcesMax,
    nullableJson(asked.idempotency),
  ]);
}

export interface DescribedSource {
  readonly project: string;
  readonly source: string;
  readonly name: string;
  readonly sha256: string;
  readonly format: DataFormat;
  readonly bytes: number;
  readonly row_count: number;
  readonly description: Description;
  readonly agent_sees: AgentSees;
  readonly sight: Sight;
  readonly origin: Origin;
  readonly imported_at: string;
  /** How many snapshots the source has had, this one too. */
  readonly snapshots: number;
}

/** The current snapshot of a source; refuses with `not_found` (details.kind: project, or source with details.names). */
export function selectSource(project: string, name: string): Query<SqlAnswer<Unseen<DescribedSource>>> {
  return callFunction('app.describe_source($1, $2)', [project, name]);
}

export interface ListedSource {
  readonly name: string;
  readonly source: string;
  readonly format: DataFormat;
  readonly bytes: number;
  readonly row_count: number;
  readonly column_count: number;
  readonly sha256: string;
  readonly imported_at: string;
  readonly agent_sees: AgentSees;
  readonly sight: Sight;
}

/** Sources by name, a page: those after `afterName`, with how many there are in all. */
export function selectSources(
  project: string,
  afterName: string,
  limit: number,
): Query<SqlAnswer<{ project: string; total: number; sources: Unseen<ListedSource, 'name'>[] }>> {
  return callFunction('app.list_sources($1, $2, $3)', [project, afterName, limit]);
}

function nullableJson(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}
