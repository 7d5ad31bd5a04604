import type { EntryRefused } from '../database/database.ts';

/** How the first entry of a call into its tenant ended. */
export type EntryVerdict = { readonly ok: true } | { readonly ok: false; readonly refused: EntryRefused };

/**
 * Watches one call for its first entry into the tenant. A response to a client is held until the verdict is known, so
 * that a dead credential is answered as one (401, 403) and not as a tool's error.
 */
export class Entry {
  readonly verdict: Promise<EntryVerdict>;
  private decide: (verdict: EntryVerdict) => void = () => {};
  private decided = false;
  private isServed = false;

  constructor() {
    this.verdict = new Promise((resolve) => {
      this.decide = resolve;
    });
  }

  get isDecided(): boolean {
    return this.decided;
  }

  /** Whether the SDK gave the call to its work, which says in the audit log what became of it. */
  get isReached(): boolean {
    return this.isServed;
  }

  reached(): void {
    this.isServed = true;
  }

  entered(): void {
    this.decided = true;
    this.decide({ ok: true });
  }

  refused(refused: EntryRefused): void {
    this.decided = true;
    this.decide({ ok: false, refused });
  }
}
