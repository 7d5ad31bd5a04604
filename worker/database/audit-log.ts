import type { ExportProof } from '../audit/export-header.ts';
import { onlyRow, type Query, query, readNothing } from './query.ts';

/** What a checkpoint of the deployment's tree has to sign. */
export interface CheckpointDraft {
  /** How many heads the tree has. 0: nothing was ever sealed. */
  readonly size: number;
  /** Base64 of 32 bytes. */
  readonly root: string;
  /** RFC 3339, by the database's clock. */
  readonly at: string;
  /** The checkpoint before, by the SHA-256 (hex) of its note. */
  readonly last: { readonly size: number; readonly sha256: string } | null;
}

/** The key that signs checkpoints: a C2SP verifier key, and an envelope. */
export interface StoredAuditKey {
  readonly public_key: string;
  readonly private_key: string;
}

export interface StoredCheckpoint {
  readonly size: number;
  /** A signed note. */
  readonly note: string;
  readonly age_seconds: number;
}

/** Gives waiting events of all tenants their leaves, at most `eventsMax`; tells how many it sealed. */
export function sealEvents(eventsMax: number): Query<number> {
  return query('select app.system_seal_audit($1) as sealed', [eventsMax], (rows) =>
    Number(onlyRow(rows).sealed),
  );
}

/** Adds the heads of the trees that grew to the tree of the deployment, and tells what is to be signed. */
export function draftCheckpoint(): Query<CheckpointDraft> {
  return query(
    'select app.system_draft_checkpoint() as draft',
    [],
    (rows) => onlyRow(rows).draft as CheckpointDraft,
  );
}

/** Stores a signed checkpoint; where one of that size is there, that one stays. */
export function addCheckpoint(size: number, note: string): Query<void> {
  return query('select app.system_add_checkpoint($1, $2)', [size, note], readNothing);
}

export function lastCheckpoint(): Query<StoredCheckpoint | null> {
  return query(
    'select app.system_last_checkpoint() as checkpoint',
    [],
    (rows) => (rows[0]?.checkpoint ?? null) as StoredCheckpoint | null,
  );
}

export function findAuditKey(): Query<StoredAuditKey | null> {
  return query(
    'select app.system_audit_key() as key',
    [],
    (rows) => (rows[0]?.key ?? null) as StoredAuditKey | null,
  );
}

/** Stores the key where there is none. */
export function addFirstAuditKey(key: StoredAuditKey): Query<void> {
  return query(
    'select app.system_add_first_audit_key($1, $2)',
    [key.public_key, key.private_key],
    readNothing,
  );
}

/** For an admin in a session: what ties the entered tenant's tree to the newest checkpoint; null where none covers it. */
export function auditProof(): Query<ExportProof | null> {
  return query(
    'select app.system_audit_proof() as proof',
    [],
    (rows) => (rows[0]?.proof ?? null) as ExportProof | null,
  );
}

/** For an admin in a session: lines of an export of the entered tenant, from an index on. */
export function auditLines(size: number, from: number, linesMax: number): Query<readonly string[]> {
  return query('select line from app.system_audit_lines($1, $2, $3)', [size, from, linesMax], (rows) =>
    rows.map(({ line }) => line as string),
  );
}

/** Takes away the contents of events whose time is over, and announces the next; tells how many it took. */
export function retainEvents(): Query<number> {
  return query('select app.system_retain_audit() as removed', [], (rows) => Number(onlyRow(rows).removed));
}
