/** Why a form may not be taken: it was not sent by a page of this deployment. */
export type ForeignForm = 'foreign_site' | 'foreign_origin';

/**
 * Judges what a browser says of where a form comes from (Fetch Metadata, `Sec-Fetch-Site`; Fetch, the `Origin` header). A
 * page of another site cannot write these headers. A client that sends neither is no browser of the last years, and is
 * left to the form's own token.
 */
export function judgePost(
  publicUrl: string,
  { origin, site }: { readonly origin: string | null; readonly site: string | null },
): ForeignForm | null {
  if (site !== null && site !== 'same-origin') return 'foreign_site';
  if (origin !== null && origin !== new URL(publicUrl).origin) return 'foreign_origin';
  return null;
}
