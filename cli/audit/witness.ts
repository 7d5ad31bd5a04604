import { type NoteVerifier, openNote } from '../../protocol/signed-note.ts';
import { readCheckpoint } from '../../worker/audit/checkpoint.ts';
import { cosign, type WitnessKey } from './cosignature.ts';
import { isConsistent } from './merkle.ts';

/** What a witness remembers of a log: the newest checkpoint that it cosigned. */
export interface Witnessed {
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

export type WitnessVerdict =
  | { readonly ok: true; readonly line: string; readonly witnessed: Witnessed }
  | { readonly ok: false; readonly problem: string; readonly remedy: string };

const REQUEST = /^old (0|[1-9]\d{0,14})\n((?:[A-Za-z0-9+/]{43}=\n){0,63})\n([\s\S]+)$/;

const MADE_BY = 'give what ./causeway audit witness-request printed';
const KEY_PRINTED_BY = 'give what ./causeway audit key printed where that deployment is, by --key';
const CONTRADICTION =
  'keep this request, and ask the operator: what it says and what was seen before cannot both be true';

/** What a witness is sent: the body of `add-checkpoint` (C2SP tlog-witness). */
export function writeWitnessRequest(oldSize: number, proof: readonly string[], note: string): string {
  return `old ${oldSize}\n${proof.map((hash) => `${hash}\n`).join('')}\n${note}`;
}

/**
 * Judges a checkpoint as a witness does: the deployment signed it, and the log that it saw before is its beginning. Only then
 * does it cosign; the caller remembers `witnessed` before it gives the line away, or the witness could be turned back.
 */
export async function judgeCheckpoint(
  request: string,
  {
    known,
    key,
    signer,
    nowSeconds,
  }: { known: Witnessed | null; key: NoteVerifier; signer: WitnessKey; nowSeconds: number },
): Promise<WitnessVerdict> {
  const refused = (problem: string, remedy: string) => ({ ok: false, problem, remedy }) as const;
  const [, old = '', hashes = '', note = ''] = REQUEST.exec(request) ?? [];
  if (note === '') return refused('this is no request to a witness', MADE_BY);
  const opened = await openNote(note, [key]);
  if (!opened.ok) return refused('the checkpoint is not signed by the key of the deployment', KEY_PRINTED_BY);
  const checkpoint = readCheckpoint(opened.text);
  if (checkpoint === null || checkpoint.origin !== key.name)
    return refused('what is signed is no checkpoint', MADE_BY);
  const { origin, size, root } = checkpoint;
  if (known !== null && known.origin !== origin)
    return refused(`this witness watches ${known.origin}`, 'name a file for this deployment, by --memory');
  const knownSize = known?.size ?? 0;
  if (Number(old) !== knownSize)
    return refused(
      `the proof begins at ${old}, the last checkpoint seen at ${knownSize}`,
      `ask for the proof from there: ./causeway audit witness-request --since ${knownSize}`,
    );
  const proof = hashes.split('\n').flatMap((hash) => (hash === '' ? [] : [Buffer.from(hash, 'base64')]));
  const before = { size: knownSize, root: Buffer.from(known?.root ?? '', 'base64') };
  if (!isConsistent(before, { size, root: Buffer.from(root, 'base64') }, proof))
    return refused(
      size < knownSize
        ? `the log had ${knownSize} heads and has ${size} now: its end was cut`
        : 'the log that was seen before is not its beginning: it was rewritten',
      CONTRADICTION,
    );
  return { ok: true, line: cosign(opened.text, signer, nowSeconds), witnessed: { origin, size, root } };
}
