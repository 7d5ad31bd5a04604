import type { Output, RecordedOutcome, Stream } from '../../../protocol/outcome.ts';
import { Refusal } from '../../http/refusal.ts';
import { quoted } from '../../input/quoted.ts';
import { openRun } from '../../sight/see-run.ts';
import { addressOfRun } from '../../sight/withheld.ts';
import { lackOf } from '../../tenants/purged.ts';
import type { Reader } from '../caller.ts';
import { DOWNLOAD_LIFETIME_MS, grant } from '../capability.ts';
import { requireRun } from '../run-view.ts';
import { refuseExpiredOutput, requireLog } from './expired.ts';
import { showable } from './showable.ts';

export interface EndedRun {
  readonly run: string;
  readonly project: string;
  readonly outcome: RecordedOutcome;
}

/** An ended run; refuses one that is absent, another's, withheld from the caller, or active. One database request. */
export async function requireOutcome(context: Reader, run: string): Promise<EndedRun> {
  const row = await requireOpen(context, run);
  if (row.outcome !== null) return { run: row.run, project: row.project, outcome: row.outcome };
  throw new Refusal('not_found', 'The run has not ended, so it has no outputs yet.', {
    hint: `Call get_run with run="${run}" and wait_seconds=45 first.`,
  });
}

/** A run; refuses one that is absent, another's, or withheld from the caller. One database request. */
async function requireOpen(context: Reader, run: string) {
  const page = addressOfRun(context, run);
  return openRun(await requireRun(context, run), page);
}

/** The output of this name, or the refusal that names what the run left. */
export function foundOutput(outcome: RecordedOutcome, name: string): Output {
  const output = outcome.outputs.find((candidate) => candidate.name === name);
  if (output !== undefined) return output;
  refuseExpiredOutput(outcome, name);
  const names = outcome.outputs.map((candidate) => `\`${quoted(candidate.name)}\``);
  const there =
    names.length === 0
      ? 'it left none'
      : `it left: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`;
  throw new Refusal('not_found', `The run has no output \`${quoted(name)}\`; ${there}.`, {
    hint: 'stdout, stderr and progress are names too. Names are case-sensitive.',
  });
}

/** All that was kept of a stream of a run, as it is shown. */
export async function streamText(
  context: Reader,
  { run, outcome }: EndedRun,
  stream: Stream,
): Promise<string> {
  requireLog(outcome);
  if (stream.sha256 === null) return showable(stream.inline);
  return blobText(context, run, stream.sha256);
}

/** A blob of text of a run as it is shown; what is no UTF-8 becomes U+FFFD. */
export async function blobText(context: Reader, run: string, sha256: string): Promise<string> {
  return showable(new TextDecoder().decode(await blobBytes(context, run, sha256)));
}

/** What a store gives in this time is as good as the answer that let the caller see the run. */
const ASKED_MS = 1_000;

/** A blob of a run that the caller was let see; where the store took its time, the database is asked once more whether they still may. */
export async function blobBytes(context: Reader, run: string, sha256: string): Promise<Uint8Array> {
  const askedAt = Date.now();
  const blob = await context.platform.blobs.get({ tenant: context.principal.tenantId, sha256 });
  if (blob === null) throw await lackOf(context.platform, context.principal.tenantId, sha256);
  const bytes = new Uint8Array(await new Response(blob.body).arrayBuffer());
  if (Date.now() - askedAt > ASKED_MS) await requireOpen(context, run);
  return bytes;
}

/** An address of an output, good for 15 minutes, for whoever has it, while the credential that made it may see the run. */
export async function downloadUrl(context: Reader, run: string, output: Output): Promise<string> {
  const { platform, principal } = context;
  const claim = {
    tenant: principal.tenantId,
    user: principal.userId,
    credential: principal.credential,
    run,
    sha256: output.sha256,
    name: output.name,
    type: output.media_type,
  };
  return `${platform.publicUrl}/downloads/${await grant(platform.sealKey, 'download', claim, DOWNLOAD_LIFETIME_MS)}`;
}
