import { describeQuantity } from '../../protocol/describe-quantity.ts';
import { newId, type TenantId } from '../../protocol/ids.ts';
import { LIMITS, limit } from '../../protocol/limits.ts';
import { encodeBase64 } from '../blobs/base64.ts';
import { beingRemoved } from '../blobs/is-there.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import { isRaised } from '../database/errors.ts';
import type { Placement } from '../database/placement.ts';
import { flushCommits, type Queued, queueAwaitedRun, queueRun } from '../database/runs.ts';
import { isStorable } from '../database/storable.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import type { RunView, StoredRun } from '../sight/see-run.ts';
import { unseen } from '../sight/unseen.ts';
import type { Idempotency } from '../tenants/idempotency.ts';
import type { Caller, Reader } from './caller.ts';
import { follow, READ_MS } from './follow.ts';
import { poolOf } from './pool-of.ts';
import { refuseQueueing } from './refuse-queueing.ts';
import { runLimits, SEEDS } from './run-limits.ts';
import { view, viewActive, viewRun } from './run-view.ts';
import { withRunStart } from './take-run-start.ts';

export interface RunRequest {
  readonly project: string;
  /** A file of the commit, or the text of a script beside it. */
  readonly program: { readonly path: string } | { readonly code: string };
  readonly ref: string | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Names of data sources; undefined: all of the project. */
  readonly data: readonly string[] | undefined;
  readonly waitMs: number;
  readonly memoryBytes: number | undefined;
  readonly wallMs: number | undefined;
  readonly placement: Placement;
  readonly idempotency: Idempotency | null;
}

export interface StartedRun {
  readonly view: RunView;
  readonly deduplicated: boolean;
}

/** Project paths cannot begin so, hence a scratch script never hides a file of the project. */
const SCRATCH_ENTRY = '.causeway/scratch.py';

/**
 * Queues a run, gives it to its pool and waits for its end, at most `waitMs`. One database request; the pool makes the
 * second when the run ends.
 */
export async function startRun(context: Caller, request: RunRequest): Promise<StartedRun> {
  const { platform, principal } = context;
  checkParameters(request.parameters);
  const { queued, scratch, askedAt } = await withRunStart(platform, principal.tenantId, () =>
    queue(context, request),
  );
  switch (queued.step) {
    case 'refused':
      throw refuseQueueing(queued);
    case 'known': {
      const { run, deduplicated } = queued;
      return { view: await viewRun(context, { run, waitMs: request.waitMs, adopt: true }), deduplicated };
    }
    case 'new': {
      const inline = scratch === null ? {} : await storeScratch(platform, principal.tenantId, scratch);
      const ending = submitted(context, { queued, inline, askedAt }, request.waitMs);
      // Behind the run, which has the same thread to go through.
      platform.publish(principal.tenantId, { kind: 'run', run: queued.run });
      const view = await ending;
      // An outcome that is recorded is on the disk, and the run with it; without one the run may not be yet.
      if (stateOf(view) === 'active' && isAwaited(request))
        await platform.database.transaction([flushCommits()]);
      return { view, deduplicated: false };
    }
  }
}

/** Whether its caller is to be answered by its end. */
function isAwaited({ waitMs }: RunRequest): boolean {
  return waitMs > 0;
}

async function queue({ platform, principal }: Reader, request: RunRequest) {
  const scratch = 'code' in request.program ? await readScratch(request.program.code) : null;
  // Between queueing and the pool there is no time to look for a key: a run that lies there is taken for one whose Worker died.
  if (scratch !== null) await platform.keys.blobKey(principal.tenantId, null);
  const askedAt = Date.now();
  const queueing = isAwaited(request) ? queueAwaitedRun : queueRun;
  const [queued] = await withTenant(platform.database, principal, [
    queueing({
      run: newId('run'),
      placement: request.placement,
      project: request.project,
      kind: scratch === null ? 'model' : 'scratch',
      ref: request.ref ?? null,
      entry: 'path' in request.program ? request.program.path : SCRATCH_ENTRY,
      scratch: scratch === null ? null : { sha256: scratch.sha256, bytes: scratch.content.byteLength },
      data: request.data ?? null,
      parameters: request.parameters,
      limits: runLimits({
        ...(request.wallMs === undefined ? {} : { wallMs: request.wallMs }),
        ...(request.memoryBytes === undefined ? {} : { memoryBytes: request.memoryBytes }),
      }),
      seeds: SEEDS,
      queued_max: limit('queued_runs'),
      withheld_max: limit('withheld_starts_per_minute'),
      idempotency: request.idempotency,
    }),
  ] as const).catch(refuseContents);
  return { queued, scratch, askedAt };
}

interface NewRun {
  readonly queued: Extract<Queued, { step: 'new' }>;
  /** The content of its scratch script, base64 by SHA-256. */
  readonly inline: Readonly<Record<string, string>>;
  /** When the database was asked to queue it, ms since 1970. */
  readonly askedAt: number;
}

async function submitted(
  context: Caller,
  { queued, inline, askedAt }: NewRun,
  waitMs: number,
): Promise<RunView> {
  const { run, fence, manifest, withheld, place, revokedExecutors } = queued;
  const submission = {
    place,
    tenant: context.principal.tenantId as TenantId,
    user: context.principal.userId,
    run: run as ReturnType<typeof newId<'run'>>,
    fence,
    manifest,
    inline,
    ephemeral: false,
    isFollowed: context.wantsProgress && !withheld,
    revokedExecutors,
  };
  const pool = poolOf(context.platform.env, place.pool);
  const waiting = pool.submit(submission, waitMs);
  const firstOutput = submission.isFollowed
    ? pool.firstOutput(run, READ_MS).catch(() => 'on_feed' as const)
    : null;
  // Both at once: a pool that is reset while the client is told would leave a failure that nobody awaits.
  const [answer] = await Promise.all([
    follow(context, { run, waitMs, withheld, askedAt, firstOutput }, waiting),
    context.log('info', { run, state: 'queued' }),
  ]);
  const stored = unseen<StoredRun, 'run' | 'withheld'>({ run, manifest, withheld, outcome: null });
  switch (answer?.step) {
    case 'ended': {
      const ended = view(context, stored, { outcome: answer.outcome });
      const state = stateOf(ended);
      await context.log(state === 'succeeded' ? 'info' : 'warning', { run, state });
      return ended;
    }
    case 'active':
      await context.log('notice', { run, state: 'active' });
      return viewActive(context, stored, { live: answer.live, waitMs });
    default:
      return viewRun(context, { run, waitMs: 0, adopt: false });
  }
}

function stateOf(ended: RunView): string {
  return (ended.sight === 'all' ? ended.outcome : ended.end)?.state ?? 'active';
}

interface Scratch {
  readonly sha256: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

async function readScratch(code: string): Promise<Scratch> {
  const content = utf8(code);
  return { sha256: await sha256Hex(content), content };
}

/**
 * The script travels with the job; it is stored as well, for a retry and for whoever replays the run. Only once its run
 * is queued: a call that is refused leaves nothing in the store.
 */
async function storeScratch(
  platform: Platform,
  tenant: string,
  { sha256, content }: Scratch,
): Promise<Readonly<Record<string, string>>> {
  await platform.blobs.put({ tenant, sha256 }, content, content.byteLength);
  return { [sha256]: encodeBase64(content) };
}

function checkParameters(parameters: Readonly<Record<string, unknown>>): void {
  const bytes = utf8(JSON.stringify(parameters)).byteLength;
  if (bytes > limit('run_parameters_bytes')) {
    const most = describeQuantity(limit('run_parameters_bytes'), LIMITS.run_parameters_bytes.unit);
    throw new Refusal(
      'invalid_arguments',
      `The parameters are ${bytes} bytes of JSON; ${most} is the most.`,
      {
        hint: 'Attach larger input with import_data.',
        details: { limit: 'run_parameters_bytes', value: limit('run_parameters_bytes') },
      },
    );
  }
  if (!isStorable(parameters)) {
    throw new Refusal(
      'invalid_arguments',
      'The parameters hold a NUL character or half of a surrogate pair.',
    );
  }
}

/** A run that needs what was purged is not begun, nor one whose script the store does not take at this moment. */
function refuseContents(error: unknown): never {
  if (isRaised(error, 'blob_being_removed')) throw beingRemoved();
  if (isRaised(error, 'content_purged'))
    throw new Refusal('purged', 'The run needs a file or data whose content was purged.', {
      hint: 'Write the file anew, or import the data anew under its name.',
    });
  throw error;
}
