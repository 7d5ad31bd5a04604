import { type NoteVerifier, openNote } from '../../protocol/signed-note.ts';
import { type Checkpoint, readCheckpoint } from '../../worker/audit/checkpoint.ts';
import { type AuditHead, type ExportEntry, headText, readEntry, readHeader } from './export-line.ts';
import { LeafProver, leafHash, rootOfPath } from './merkle.ts';

/** What an export is checked against. All of it comes from elsewhere: what stands in the file proves nothing about itself. */
export interface Trust {
  /** The deployment's key; null: the file can only be found consistent with itself. */
  readonly key: NoteVerifier | null;
  /** When a witness cosigned a note, Unix seconds; null where it did not. Absent: none is demanded. */
  readonly witness?: (note: string) => number | null;
  /** A checkpoint that is known from elsewhere; the export must not be older. */
  readonly kept?: Checkpoint;
}

export type Verdict =
  | {
      readonly ok: true;
      readonly isAuthenticated: boolean;
      readonly tenant: string;
      readonly entries: number;
      /** Of them: without their contents, because their time of retention is over. */
      readonly removed: number;
      readonly checkpoint: Checkpoint;
      /** Unix seconds; null where no witness was asked for. */
      readonly cosignedAt: number | null;
    }
  /** `index` is the first bad entry; null where the file as a whole is bad. */
  | { readonly ok: false; readonly index: number | null; readonly problem: string };

/** How far an event may be dated before one that was sealed earlier: transactions end within this time, clocks agree within it. */
const BACKDATED_MS_MAX = 10 * 60_000;
/** Keys of jsonb stand by length, so these three are always first. */
const EVENT_AT = /^\{"v": 1, "at": "([^"]{20,32})"/;

/** Reads an export line by line and proves each entry from the signed root down; memory does not grow with the file. */
export async function verifyExport(lines: AsyncIterable<string>, trust: Trust): Promise<Verdict> {
  const reader = lines[Symbol.asyncIterator]();
  const first = await reader.next();
  const header = first.done === true ? null : readHeader(first.value);
  if (header === null) return bad(null, 'the file does not begin as an audit export does');
  const checkpoint = await proveHead(header, trust);
  if (typeof checkpoint === 'string') return bad(null, checkpoint);
  const cosignedAt = trust.witness?.(header.checkpoint) ?? null;
  if (trust.witness !== undefined && cosignedAt === null)
    return bad(null, 'no witness of that key has cosigned the checkpoint');

  const prover = new LeafProver({ size: header.size, root: Buffer.from(header.root, 'base64') });
  const watch = new EventWatch();
  for (;;) {
    const line = await reader.next();
    if (line.done === true) break;
    const problem = proveLine(line.value, prover, watch, header.size);
    if (problem !== null) return bad(prover.index - (problem.isProven ? 1 : 0), problem.text);
  }
  if (!prover.isComplete)
    return bad(prover.index, `the file ends here, yet ${header.size} entries were sealed`);
  const unexplained = watch.firstUnexplained();
  if (unexplained !== null)
    return bad(unexplained, 'its content was taken out, and no entry says that its retention was over');
  return {
    ok: true,
    isAuthenticated: trust.key !== null,
    tenant: header.tenant,
    entries: header.size,
    removed: watch.removed,
    checkpoint,
    cosignedAt,
  };
}

function bad(index: number | null, problem: string): Verdict {
  return { ok: false, index, problem };
}

/** The checkpoint that covers the tree of the export, or the sentence about why none does. */
export async function proveHead(header: AuditHead, { key, kept }: Trust): Promise<Checkpoint | string> {
  let text = header.checkpoint.slice(0, header.checkpoint.lastIndexOf('\n\n') + 1);
  if (key !== null) {
    const opened = await openNote(header.checkpoint, [key]);
    if (!opened.ok && opened.reason === 'unknown_key') return `the checkpoint is not signed by ${key.name}`;
    if (!opened.ok) return 'the signature of the checkpoint is wrong';
    text = opened.text;
  }
  const checkpoint = readCheckpoint(text);
  if (checkpoint === null || (key !== null && checkpoint.origin !== key.name))
    return 'what is signed is no checkpoint of this deployment';
  const path = header.head_proof.map((hash) => Buffer.from(hash, 'base64'));
  const root = rootOfPath(leafHash(headText(header)), header.head_index, checkpoint.size, path);
  if (root === null || !root.equals(Buffer.from(checkpoint.root, 'base64')))
    return 'the checkpoint does not cover this tenant, size and root';
  if (kept === undefined) return checkpoint;
  if (kept.origin !== checkpoint.origin) return 'the checkpoint that you keep is of another deployment';
  if (checkpoint.size < kept.size)
    return `the export is of ${checkpoint.at}, older than the checkpoint that you keep (${kept.at}): its newest entries may be cut`;
  if (checkpoint.size === kept.size && checkpoint.root !== kept.root)
    return 'the log was rewritten since the checkpoint that you keep';
  return checkpoint;
}

interface LineProblem {
  readonly text: string;
  /** Whether the entry itself is what was sealed. */
  readonly isProven: boolean;
}

function proveLine(line: string, prover: LeafProver, watch: EventWatch, size: number): LineProblem | null {
  const said = (text: string, isProven = false) => ({ text, isProven });
  const entry = readEntry(line);
  if (entry === null) return said('the line is no entry');
  if (prover.isComplete) return said(`there are more entries than the ${size} that were sealed`);
  if (entry.index > prover.index) return said(`it is missing: entry ${entry.index} follows`);
  if (entry.index < prover.index) return said(`entry ${entry.index} stands in its place`);
  const leaf = 'event' in entry ? leafHash(entry.event) : entry.removed;
  if (!prover.prove(leaf, entry.proof)) return said('it is not what was sealed');
  const backdated = watch.see(entry);
  return backdated === null ? null : said(backdated, true);
}

/** What only the sequence of events shows: dates that run backwards, and contents that nobody was allowed to remove. */
class EventWatch {
  removed = 0;
  private latestMs = 0;
  private firstRemoved: number | null = null;
  private lastRemoved = -1;
  /** Below this index a proven event says that contents were removed. */
  private explainedBelow = 0;

  /** The sentence about what is wrong with a proven entry, or null. */
  see(entry: ExportEntry): string | null {
    if ('removed' in entry) {
      this.removed += 1;
      this.firstRemoved ??= entry.index;
      this.lastRemoved = entry.index;
      return null;
    }
    const at = Date.parse(EVENT_AT.exec(entry.event)?.[1] ?? '');
    if (Number.isNaN(at)) return 'it has no date';
    if (at < this.latestMs - BACKDATED_MS_MAX)
      return `it is dated ${new Date(at).toISOString()}, and was sealed after events of ${new Date(this.latestMs).toISOString()}`;
    this.latestMs = Math.max(this.latestMs, at);
    if (entry.event.includes('"action": "audit.retain"')) this.explain(entry);
    return null;
  }

  firstUnexplained(): number | null {
    if (this.firstRemoved === null || this.lastRemoved < this.explainedBelow) return null;
    return Math.max(this.firstRemoved, this.explainedBelow);
  }

  /** A call may name its events as it likes; none of them is by the system, which alone removes, and what was there before. */
  private explain({ index, event }: { readonly index: number; readonly event: string }): void {
    const { action, by, details } = JSON.parse(event) as {
      action: string;
      by: string;
      details: { removed_below?: unknown };
    };
    if (action !== 'audit.retain' || by !== 'system' || typeof details.removed_below !== 'number') return;
    this.explainedBelow = Math.max(this.explainedBelow, Math.min(details.removed_below, index));
  }
}
