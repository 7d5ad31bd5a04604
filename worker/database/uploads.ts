import type { DataFormat } from '../../protocol/manifest.ts';
import type { AgentSees } from '../sight/agent-sees.ts';
import { callFunction } from './call-function.ts';
import { type Query, query, readNothing } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

export interface UploadToOpen {
  readonly project: string;
  readonly upload: string;
  readonly name: string;
  readonly format: DataFormat;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly agentSees?: 'schema_only' | undefined;
  readonly lifetimeMs: number;
  readonly openMax: number;
}

/** Adds an upload that waits for its bytes; refuses with `not_found`, `project_archived` or `limit_exceeded`. */
export function openUpload(
  upload: UploadToOpen,
): Query<SqlAnswer<{ project: string; expires_at: string; agent_sees: AgentSees }>> {
  return callFunction("app.open_upload($1, $2, $3, $4, $5, $6, $7, $8 * interval '1 millisecond', $9)", [
    upload.project,
    upload.upload,
    upload.name,
    upload.format,
    upload.bytes,
    upload.sha256,
    upload.agentSees ?? null,
    upload.lifetimeMs,
    upload.openMax,
  ]);
}

/** What a PUT must bring. */
export interface AwaitedUpload {
  readonly project: string;
  readonly name: string;
  readonly format: DataFormat;
  readonly bytes: number;
  readonly sha256: string | null;
}

/** The upload while it may still be used; refuses with `not_found`, or `upload_refused` and details.reason. */
export function selectAwaitedUpload(upload: string): Query<SqlAnswer<AwaitedUpload>> {
  return callFunction('app.awaited_upload($1)', [upload]);
}

/** Marks an upload as received, once: of two transfers the first to finish counts, the other is refused. */
export function finishUpload(upload: string, sha256: string): Query<SqlAnswer<object>> {
  return callFunction('app.finish_upload($1, $2)', [upload, sha256]);
}

/** Forgets uploads that never came, a day after their address expired. */
export function forgetUploads(): Query<void> {
  return query('select app.system_sweep_uploads()', [], readNothing);
}
