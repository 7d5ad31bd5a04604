import type { RefusedText } from '../input/refused-text.ts';
import { judgeAddress } from '../outbound/judge-address.ts';
import { judgeMetadata, type NamedMetadata } from './client-metadata.ts';
import { type Judged, refuse } from './refusal.ts';

const CACHE_SECONDS_MIN = 300;
const CACHE_SECONDS_MAX = 86_400;

/** Whether a client id is the address of a Client ID Metadata Document. */
export function isDocumentId(clientId: string): boolean {
  return clientId.startsWith('https://') || clientId.startsWith('http://');
}

/**
 * Whether an address may be a client id (draft-ietf-oauth-client-id-metadata-document, section 3): with a path, without
 * fragment, dot segments or query, and spelled as the parser spells it, so that one document has one id.
 */
export function isGoodDocumentId(
  clientId: string,
  from: { readonly loopbackOrigins: readonly string[] },
): boolean {
  const judged = judgeAddress(clientId, from);
  return judged.ok && judged.url.href === clientId && judged.url.pathname !== '/' && !/[?#]/.test(clientId);
}

/**
 * Judges a fetched document: its `client_id` must be the address that it came from, and it holds no secret (section
 * 4.1), so the client is a public one. Its redirect URIs must be its own or on a loopback address.
 */
export function judgeDocument(
  document: unknown,
  clientId: string,
  rules: { readonly redirectHosts: readonly string[] | null; readonly refusedText: RefusedText },
): Judged<NamedMetadata> {
  if (typeof document !== 'object' || document === null) return refuse('invalid_document');
  const fields = document as Record<string, unknown>;
  if (fields.client_id !== clientId) return refuse('invalid_document', 'client_id');
  if ('client_secret' in fields || 'client_secret_expires_at' in fields)
    return refuse('invalid_document', 'client_secret');
  const judged = judgeMetadata(withoutLoopbackUri(fields), {
    ...rules,
    methods: ['none'],
    absentMethod: 'none',
  });
  return judged.ok ? judged : refuse('invalid_document', judged.about);
}

/** How long a document is believed, by what its server says and within bounds. */
export function cacheSeconds(maxAgeSeconds: number): number {
  return Math.min(Math.max(maxAgeSeconds, CACHE_SECONDS_MIN), CACHE_SECONDS_MAX);
}

/** Of a document on this machine the page about the client may be there too; it is left out, for nobody fetches it. */
function withoutLoopbackUri(fields: Record<string, unknown>): Record<string, unknown> {
  const { client_uri: uri, ...rest } = fields;
  const isLoopback = typeof uri === 'string' && /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(uri);
  return isLoopback ? rest : fields;
}
