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
  const page = addressOfRun(context.platform, context.principal.tenantId, run);
  const row = openRun(await requireRun(context, run), page);
  if (row.outcome !== null) return { run: row.run, project: row.project, outcome: row.outcome };
  throw new Refusal('not_found', 'The run has not ended, so it has no outputs yet.', {
    hint: `Call get_run with run="${run}" and wait_seconds=45 first.`,
  });
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
export async function streamText(context: Reader, outcome: RecordedOutcome, stream: Stream): Promise<string> {
  requireLog(outcome);
  if (stream.sha256 === null) return showable(stream.inline);
  return blobText(context, stream.sha256);
}

/** A blob of text as it is shown; what is no UTF-8 becomes U+FFFD. */
export async function blobText(context: Reader, sha256: string): Promise<string> {
  return showable(new TextDecoder().decode(await blobBytes(context, sha256)));
}

export async function blobBytes(context: Reader, sha256: string): Promise<Uint8Array> {
  const blob = await context.platform.blobs.get({ tenant: context.principal.tenantId, sha256 });
  if (blob === null) throw await lackOf(context.platform, context.principal.tenantId, sha256);
  return new Uint8Array(await new Response(blob.body).arrayBuffer());
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
