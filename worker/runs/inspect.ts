import { type Id, newId, type TenantId } from '../../protocol/ids.ts';
import type { DataFormat } from '../../protocol/manifest.ts';
import type { Outcome, Output, Stream } from '../../protocol/outcome.ts';
import { encodeBase64 } from '../blobs/base64.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import type { Place } from '../database/placement.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import { aborted } from './caller.ts';
import type { Submission, WaitAnswer } from './pool/submit.ts';
import { poolOf } from './pool-of.ts';
import { runLimits, SEEDS } from './run-limits.ts';

/** A script of Causeway's own and the tenant's bytes that it looks at. */
export interface Inspection {
  readonly tenantId: string;
  /** Where the tenant's data may go. */
  readonly place: Place;
  readonly project: string;
  /** Python source. It runs as any model does: no network, read-only inputs, results in /outputs. */
  readonly script: string;
  readonly data: readonly {
    readonly name: string;
    readonly source: string;
    readonly sha256: string;
    readonly bytes: number;
    readonly format: DataFormat;
  }[];
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type Inspected =
  | { readonly ok: true; readonly outputs: readonly Output[]; readonly stdout: Stream }
  /** The script ended otherwise than well. */
  | { readonly ok: false; readonly outcome: Outcome }
  /** It could not be run. */
  | { readonly ok: false; readonly outcome: null; readonly refusal: Refusal };

// Not inspect.py: the folder of a script is where Python looks first, and modules import `inspect`.
const ENTRY = '.causeway/inspection.py';
/** What an inspection may wait for a slot beside its own time. */
const QUEUE_MS_MAX = 5_000;
/** The pool puts in the image of the executor that it chooses. */
const ANY_IMAGE = `sha256:${'0'.repeat(64)}`;

/**
 * Runs a script of Causeway's own over a tenant's bytes in a sandbox, so that the Worker parses none of them. It leaves no
 * run behind and is not tried again.
 */
export async function inspect(platform: Platform, inspection: Inspection): Promise<Inspected> {
  const submission = await submissionOf(inspection);
  const pool = poolOf(platform.env, inspection.place.pool);
  const answer = await untilAborted(
    pool.submit(submission, inspection.timeoutMs + QUEUE_MS_MAX),
    inspection.signal,
    () => pool.cancel(submission.run, 0),
  );
  if (answer?.step === 'ended') {
    const { outcome } = answer;
    if (outcome.state !== 'succeeded') return { ok: false, outcome };
    return { ok: true, outputs: outcome.outputs, stdout: outcome.stdout };
  }
  const refusal = new Refusal('unavailable', 'No executor could look at the data in time.', {
    hint: 'Try again in some seconds; if it stays, ask the operator whether an executor is connected.',
    retryAfterSeconds: 10,
  });
  return { ok: false, outcome: null, refusal };
}

async function submissionOf(inspection: Inspection): Promise<Submission> {
  const script = utf8(inspection.script);
  const sha256 = await sha256Hex(script);
  return {
    place: inspection.place,
    tenant: inspection.tenantId as TenantId,
    user: null,
    run: newId('run'),
    fence: 1,
    manifest: {
      version: 1,
      kind: 'inspect',
      project: inspection.project as Id<'project'>,
      commit: null,
      entry: ENTRY,
      files: [{ path: ENTRY, sha256, bytes: script.byteLength }],
      data: inspection.data.map((data) => ({ ...data, source: data.source as Id<'source'> })),
      parameters: { ...inspection.parameters },
      image: ANY_IMAGE,
      limits: runLimits({ wallMs: inspection.timeoutMs }),
      seeds: { ...SEEDS, source_date_epoch: 315_532_800 },
    },
    inline: { [sha256]: encodeBase64(script) },
    ephemeral: true,
    isFollowed: false,
    revokedExecutors: [],
  };
}

async function untilAborted(
  waiting: Promise<WaitAnswer>,
  signal: AbortSignal,
  cancel: () => Promise<unknown>,
): Promise<WaitAnswer | null> {
  const answer = await Promise.race([waiting, aborted(signal)]);
  if (answer === null) await cancel();
  return answer;
}
