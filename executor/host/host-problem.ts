/** Something that the person at this host can mend: what happened, why, what to do. Anything else that is thrown is a bug. */
export class HostProblem extends Error {
  readonly why: string;
  readonly remedy: string;

  constructor(parts: { readonly what: string; readonly why: string; readonly remedy: string }) {
    super(parts.what);
    this.name = 'HostProblem';
    this.why = parts.why;
    this.remedy = parts.remedy;
  }
}
