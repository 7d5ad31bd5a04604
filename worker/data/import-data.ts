import { newId } from '../../protocol/ids.ts';
import { limit } from '../../protocol/limits.ts';
import type { DataFormat } from '../../protocol/manifest.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import { recordAudit } from '../database/audit.ts';
import { beginImport, type Origin, recordSnapshot, type SnapshotRecorded } from '../database/data.ts';
import { type Placed, placeInspection } from '../database/placement.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import { refusePlacement } from '../runs/refuse-placement.ts';
import { takeRunStart } from '../runs/take-run-start.ts';
import type { Idempotency } from '../tenants/idempotency.ts';
import type { Principal } from '../tenants/principal.ts';
import { DESCRIBER, type Description } from './description.ts';
import { inspectData } from './inspect-data.ts';
import { invalidData, refuseData, tooManySources } from './refuse-import.ts';

export interface ImportRequest {
  readonly project: string;
  readonly name: string;
  readonly format: DataFormat;
  readonly from:
    | { readonly text: string }
    | { readonly upload: string }
    | { readonly run: string; readonly name: string };
  readonly idempotency: Idempotency | null;
}

/** How the call is followed and ended from outside. */
export interface ImportWatch {
  readonly signal: AbortSignal;
  readonly progress: (done: number, total: number, message: string) => Promise<void>;
}

export type Imported = SnapshotRecorded & {
  readonly bytes: number;
  readonly description: Description;
  readonly replayed: boolean;
};

/**
 * Imports data as a new snapshot of a source: finds the bytes, checks and describes them in a sandbox, records them.
 * Two database requests; a row is written only for bytes that passed. Throws refusals.
 */
export async function importData(
  platform: Platform,
  principal: Principal,
  asked: ImportRequest,
  watch: ImportWatch,
): Promise<Imported> {
  const text = 'text' in asked.from ? utf8(asked.from.text) : null;
  const origin = text === null ? storedOrigin(asked.from) : await textOrigin(text);
  const [begun, placed] = await withTenant(platform.database, principal, [
    beginImport({ ...asked, origin, describer: DESCRIBER }),
    placeInspection(asked.project),
  ] as const);
  if (!begun.ok) throw refuseData(begun, asked);
  if (begun.replayed) return begun;

  const { project, sha256, bytes } = begun;
  if (text !== null) await platform.blobs.put({ tenant: principal.tenantId, sha256 }, text, bytes);
  const description =
    begun.description ??
    (await describeInSandbox(platform, principal, asked, { project, sha256, bytes, placed }, watch));

  const { format } = asked;
  const [recorded] = await withTenant(platform.database, principal, [
    recordSnapshot({
      ...asked,
      source: newId('source'),
      snapshot: { sha256, format, bytes, description, origin },
      sourcesMax: limit('project_data_sources'),
    }),
  ] as const);
  if (!recorded.ok) throw recorded.code === 'limit_exceeded' ? tooManySources() : refuseData(recorded, asked);
  if (recorded.replayed !== true) {
    platform.publish(principal.tenantId, { kind: 'data', project: recorded.project, source: asked.name });
  }
  return { ...recorded, bytes, description, replayed: recorded.replayed === true };
}

async function textOrigin(text: Uint8Array<ArrayBuffer>): Promise<Origin> {
  return { kind: 'text', sha256: await sha256Hex(text), bytes: text.byteLength };
}

function storedOrigin(from: ImportRequest['from']): Origin {
  if ('upload' in from) return { kind: 'upload', upload: from.upload };
  if ('run' in from) return { kind: 'run', ...from };
  throw new Error('text is no stored origin');
}

async function describeInSandbox(
  platform: Platform,
  principal: Principal,
  { name, format }: ImportRequest,
  {
    placed,
    ...stored
  }: {
    readonly project: string;
    readonly sha256: string;
    readonly bytes: number;
    readonly placed: Placed;
  },
  watch: ImportWatch,
): Promise<Description> {
  if (!placed.ok) throw refusePlacement(placed);
  await takeRunStart(platform, principal.tenantId);
  await watch.progress(1, 3, `checking ${name} in a sandbox`);
  const inspected = await inspectData(
    platform,
    principal.tenantId,
    { ...stored, name, format },
    placed.place,
    watch.signal,
  );
  await watch.progress(2, 3, inspected.ok ? `recording ${name}` : `${name} was refused`);
  if (inspected.ok) return inspected.description;
  const refusal = inspected.fault === null ? inspected.refusal : invalidData(inspected.fault, format);
  const reason = inspected.fault?.reason ?? 'unreadable';
  await withTenant(platform.database, principal, [
    refusedImport(stored, { name, format, reason }, refusal),
  ] as const);
  throw refusal;
}

function refusedImport(
  stored: { readonly project: string; readonly sha256: string },
  what: { readonly name: string; readonly format: DataFormat; readonly reason: string },
  refusal: Refusal,
) {
  return recordAudit({
    action: 'data.import',
    targetKind: 'project',
    targetId: stored.project,
    outcome: 'refused',
    details: { ...what, sha256: stored.sha256, code: refusal.code },
  });
}
