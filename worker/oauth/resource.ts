import { accept, type Judged, refuse } from './refusal.ts';

/** The one resource that tokens of this server are for (RFC 8707): the address of the MCP endpoint. */
export function canonicalResource(publicUrl: string): string {
  return `${publicUrl}/mcp`;
}

/**
 * Judges the `resource` of a request. Absent means the canonical one, because clients exist that send none; a strict
 * deployment demands it. Nothing is normalised: another spelling is another resource, but for one slash at the end.
 */
export function judgeResource(
  presented: string | undefined,
  canonical: string,
  strict: boolean,
): Judged<string> {
  if (presented === undefined) return strict ? refuse('missing_resource') : accept(canonical);
  return presented === canonical || presented === `${canonical}/`
    ? accept(canonical)
    : refuse('wrong_resource');
}
