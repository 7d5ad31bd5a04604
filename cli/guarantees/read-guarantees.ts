/** A test that SECURITY.md names: a whole file, or those of its tests whose name has `title` in it, with `%s` for what cases put there. */
export interface Proof {
  /** Below the root of the repository, with slashes. */
  readonly file: string;
  readonly title: string | null;
}

/** A row of SECURITY.md's first table: a promise, and where it is proven. */
export interface Guarantee {
  readonly id: string;
  readonly promise: string;
  readonly proofs: readonly Proof[];
}

const ROW = /^\| ([A-Z]\d+) \| (.+) \| (.+) \|$/gm;
const PROOF = /`(test\/[^`]+)`(?: "([^"]+)")?/g;

export function readGuarantees(page: string): readonly Guarantee[] {
  return [...page.matchAll(ROW)].map(([, id = '', promise = '', proofs = '']) => ({
    id,
    promise,
    proofs: [...proofs.matchAll(PROOF)].map(([, file = '', title]) => ({ file, title: title ?? null })),
  }));
}

/** A title stands in SECURITY.md, in the source and in a report, in one kind of quotes or another. */
export function plainQuotes(text: string): string {
  return text.replace(/\\?['’]/g, "'");
}
