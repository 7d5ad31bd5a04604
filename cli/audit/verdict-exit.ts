/** What commands end with that judge what was signed by the key of the audit log. */
export const EXIT = { proven: 0, notProven: 1, notJudged: 2, notAuthenticated: 3 } as const;

export function exitOf(
  verdict: { readonly ok: false } | { readonly ok: true; readonly isAuthenticated: boolean },
): number {
  if (!verdict.ok) return EXIT.notProven;
  return verdict.isAuthenticated ? EXIT.proven : EXIT.notAuthenticated;
}
