import { newId } from '../../protocol/ids.ts';
import { limit } from '../../protocol/limits.ts';
import type { DataFormat } from '../../protocol/manifest.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import { recordAudit } from '../database/audit.ts';
import { beginImport, type ImportBegun, importSight, type Origin, recordSnapshot } from '../database/data.ts';
import { isRaised } from '../database/errors.ts';
import { type Placed, placeInspection } from '../database/placement.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import type { Caller } from '../runs/caller.ts';
import { refusePlacement } from '../runs/refuse-placement.ts';
import { takeRunStart } from '../runs/take-run-start.ts';
import type { Sight } from '../sight/agent-sees.ts';
import type { Imported } from '../sight/see-source.ts';
import { type Unseen, unseen } from '../sight/unseen.ts';
import { addressOfRun, unusableOutput } from '../sight/withheld.ts';
import { withheldRate } from '../sight/withheld-rate.ts';
import type { Idempotency } from '../tenants/idempotency.ts';
import { DESCRIBER, type Description } from './description.ts';
import { type InspectedData, inspectData } from './inspect-data.ts';
import { invalidData, invalidUnseen, refuseData, tooManySources } from './refuse-import.ts';

export interface ImportRequest {
  readonly project: string;
  readonly name: string;
  readonly format: DataFormat;
  readonly from:
    | { readonly text: string }
    | { readonly upload: string }
    | { readonly run: string; readonly name: string };
  /** Stricter than what the project, the upload or the source says; there is no way to be less strict. */
  readonly agentSees: 'schema_only' | undefined;
  readonly idempotency: Idempotency | null;
}

type Importer = Pick<Caller, 'platform' | 'principal' | 'signal' | 'progress'>;

/**
 * Imports data as a new snapshot of a source: finds the bytes, checks and describes them in a sandbox, records them.
 * Two database requests; a row is written only for bytes that passed. Throws refusals.
 */
export async function importData(caller: Importer, asked: ImportRequest): Promise<Unseen<Imported>> {
  const { platform, principal } = caller;
  const { origin, body } = await readFrom(asked.from);
  const [begun, placed] = await withTenant(platform.database, principal, [
    beginImport({ ...asked, origin, describer: DESCRIBER, withheldMax: limit('withheld_starts_per_minute') }),
    placeInspection(asked.project),
  ] as const);
  if (!begun.ok) throw refuseImport(begun, asked, caller);
  const { name, format } = asked;
  if (begun.replayed) return unseen<Imported>({ ...begun, name, format });

  const { project, sha256, bytes, sight } = begun;
  if (body !== null) await platform.blobs.put({ tenant: principal.tenantId, sha256 }, body, bytes);
  const description =
    begun.description ??
    (await describeInSandbox(caller, { ...asked, origin }, { project, sha256, bytes }, { sight, placed }));

  const [recorded] = await withTenant(platform.database, principal, [
    recordSnapshot({
      ...asked,
      source: newId('source'),
      snapshot: { sha256, format, bytes, description, origin, agent_sees: asked.agentSees },
      sourcesMax: limit('project_data_sources'),
    }),
  ] as const).catch(refuseExpired);
  if (!recorded.ok) throw recorded.code === 'limit_exceeded' ? tooManySources() : refuseData(recorded, asked);
  if (recorded.replayed !== true) {
    platform.publish(principal.tenantId, { kind: 'data', project: recorded.project, source: asked.name });
  }
  const { agent_sees, new_snapshot, replaces, replayed } = recorded;
  return unseen<Imported>({
    project: recorded.project,
    source: recorded.source,
    name,
    format,
    sha256: recorded.sha256,
    bytes,
    description,
    agent_sees,
    sight: recorded.sight,
    new_snapshot,
    replaces,
    replayed: replayed === true,
  });
}

/** A refusal of the database. All that it could say of an output which the caller may not see becomes one answer. */
function refuseImport(
  refused: Extract<ImportBegun, { ok: false }>,
  asked: ImportRequest,
  caller: Importer,
): Refusal {
  if (refused.code === 'rate_limited')
    return withheldRate(Number(refused.details?.retry_after_seconds), 'import');
  if (refused.code === 'invalid_data' && 'run' in asked.from)
    return unusableOutput(addressOfRun(caller, asked.from.run));
  return refuseData(refused, asked);
}

function refuseExpired(error: unknown): never {
  if (isRaised(error, 'import_expired'))
    throw new Refusal(
      'expired',
      'What it comes from was over its time and is removed. Nothing was imported.',
    );
  throw error;
}

/** Where the bytes come from, and the bytes themselves where they came with the call; others are in the store. */
async function readFrom(
  from: ImportRequest['from'],
): Promise<{ readonly origin: Origin; readonly body: Uint8Array<ArrayBuffer> | null }> {
  if ('upload' in from) return { origin: { kind: 'upload', upload: from.upload }, body: null };
  if ('run' in from) return { origin: { kind: 'run', ...from }, body: null };
  const body = utf8(from.text);
  return { origin: { kind: 'text', sha256: await sha256Hex(body), bytes: body.byteLength }, body };
}

/** Bytes that lie in the store and that nobody has looked at. */
interface StoredBytes {
  readonly project: string;
  readonly sha256: string;
  readonly bytes: number;
}

async function describeInSandbox(
  caller: Importer,
  asked: ImportRequest & { readonly origin: Origin },
  stored: StoredBytes,
  { sight, placed }: { readonly sight: Sight; readonly placed: Placed },
): Promise<Description> {
  const { platform, principal, signal, progress } = caller;
  const { name, format, from } = asked;
  if (!placed.ok) throw refusePlacement(placed);
  await takeRunStart(platform, principal.tenantId);
  await progress(1, 3, `checking ${name} in a sandbox`);
  const inspected = await inspectData(
    platform,
    principal.tenantId,
    { ...stored, name, format },
    placed.place,
    signal,
  );
  await progress(2, 3, inspected.ok ? `recording ${name}` : `${name} was refused`);
  if (inspected.ok) return inspected.description;
  const page = 'run' in from ? addressOfRun(caller, from.run) : '';
  const refused = (seen: Sight) => refuseContent(inspected, format, seen, page);
  const reason = inspected.fault?.reason ?? 'unreadable';
  // The inspection took a while: the answer tells only what the caller may see now.
  const [seen] = await withTenant(platform.database, principal, [
    importSight({ ...asked, project: stored.project }),
    refusedImport(stored, { name, format, reason }, refused(sight)),
  ] as const);
  throw refused(seen);
}

/** Why data was not taken, as far as the caller may know what is in it. Pure. */
function refuseContent(
  inspected: Extract<InspectedData, { ok: false }>,
  format: DataFormat,
  sight: Sight,
  page: string,
): Refusal {
  if (sight === 'shape') return unusableOutput(page);
  if (inspected.fault === null) return inspected.refusal;
  return sight === 'all' ? invalidData(inspected.fault, format) : invalidUnseen(inspected.fault, format);
}

function refusedImport(
  stored: StoredBytes,
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
