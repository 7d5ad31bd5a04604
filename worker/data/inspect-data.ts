import { newId } from '../../protocol/ids.ts';
import type { DataFormat } from '../../protocol/manifest.ts';
import type { Outcome, Output } from '../../protocol/outcome.ts';
import type { Place } from '../database/placement.ts';
import type { Refusal } from '../http/refusal.ts';
import { log } from '../log.ts';
import type { Platform } from '../platform.ts';
import { inspect } from '../runs/inspect.ts';
import { DESCRIBE_SCRIPT } from './describe-script.ts';
import { type Description, type Fault, parseInspection } from './description.ts';
import { unreadableData } from './refuse-import.ts';

/** Many clients cut a call at 60 s; an answer before that is worth more than a longer look. */
const INSPECTION_MS_MAX = 45_000;
/** The script's answer is bounded by what it may say of 200 columns. */
const ANSWER_BYTES_MAX = 512 * 1024;

export interface DataToInspect {
  readonly project: string;
  readonly name: string;
  readonly format: DataFormat;
  readonly sha256: string;
  readonly bytes: number;
}

export type InspectedData =
  | { readonly ok: true; readonly description: Description }
  | { readonly ok: false; readonly fault: Fault }
  | { readonly ok: false; readonly fault: null; readonly refusal: Refusal };

/** Checks and describes bytes that are in the blob store, in a sandbox: nothing here parses them. */
export async function inspectData(
  platform: Platform,
  tenantId: string,
  data: DataToInspect,
  place: Place,
  signal: AbortSignal,
): Promise<InspectedData> {
  if (data.bytes === 0) return { ok: false, fault: { reason: 'empty' } };
  const { project, ...rest } = data;
  const inspected = await inspect(platform, {
    tenantId,
    place,
    project,
    script: DESCRIBE_SCRIPT,
    data: [{ ...rest, source: newId('source') }],
    timeoutMs: INSPECTION_MS_MAX,
    signal,
  });
  if (!inspected.ok) {
    if (inspected.outcome === null) throw inspected.refusal;
    logEnd(data, inspected.outcome);
    return { ok: false, fault: null, refusal: unreadableData(inspected.outcome) };
  }
  const answer = parseInspection(await readAnswer(platform, tenantId, inspected.outputs));
  return answer ?? { ok: false, fault: null, refusal: unreadableData(null) };
}

/** Where our own script did not end well the fault may be ours, so the operator is told which data it was. */
function logEnd(data: DataToInspect, outcome: Outcome): void {
  const { state, error } = outcome;
  const where = error === null ? null : `${error.path}:${error.line}`;
  const ended = { state, error: error?.type ?? null, where, project: data.project, sha256: data.sha256 };
  log('error', 'inspect-data', { message: 'an inspection did not end well', ...ended });
}

async function readAnswer(platform: Platform, tenantId: string, outputs: readonly Output[]): Promise<string> {
  const output = outputs.find(({ name }) => name === 'description.json');
  if (output === undefined || output.bytes > ANSWER_BYTES_MAX) return '';
  const stored = await platform.blobs.get({ tenant: tenantId, sha256: output.sha256 });
  if (stored === null) throw new Error(`the blob store lacks ${output.sha256}, which an inspection left`);
  return new Response(stored.body).text();
}
