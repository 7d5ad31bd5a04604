/** Why a call may not be made with the cookie of a browser: a page of another site may have made it. */
export type ForeignCall = 'foreign_site' | 'foreign_origin' | 'unmarked';

/** The header that a call which changes something carries, with the value `1`. */
export const MARK = 'x-causeway-request';

export interface CallMarks {
  readonly isSafe: boolean;
  readonly origin: string | null;
  /** `Sec-Fetch-Site`. */
  readonly site: string | null;
  readonly mark: string | null;
}

/**
 * Judges what a request says of where it comes from. A page of another site can write neither `Origin` nor
 * `Sec-Fetch-Site`, and can send {@link MARK} only after a preflight (Fetch, "CORS-preflight fetch"), which no route of
 * the API answers. A form, a link or an image can send none of it. Programs send the mark and nothing else.
 */
export function judgeCall(publicUrl: string, { isSafe, origin, site, mark }: CallMarks): ForeignCall | null {
  const typedByPerson = isSafe && site === 'none';
  if (site !== null && site !== 'same-origin' && !typedByPerson) return 'foreign_site';
  if (origin !== null && origin !== new URL(publicUrl).origin) return 'foreign_origin';
  if (!isSafe && mark !== '1') return 'unmarked';
  return null;
}
