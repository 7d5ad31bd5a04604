import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import type { AuthMethod, Client } from './client.ts';
import type { Parameters } from './parameters.ts';
import { accept, type Judged, refuse } from './refusal.ts';

/** What a request to the token endpoint shows of its client, before anything is looked up. */
export interface PresentedClient {
  readonly id: string;
  readonly method: AuthMethod;
  readonly secret: string | null;
}

/** Reads the client of a request from its one place: the Basic header, or the form (RFC 6749, section 2.3.1). */
export function presentedClient(authorization: string | null, form: Parameters): Judged<PresentedClient> {
  const idInForm = form.get('client_id');
  const secretInForm = form.get('client_secret');
  if (form.has('client_assertion') || form.has('client_assertion_type'))
    return refuse('wrong_authentication_method');
  if (authorization !== null) {
    if (secretInForm !== undefined) return refuse('two_authentications');
    const basic = readBasic(authorization);
    if (basic === null) return refuse('malformed_authentication');
    if (idInForm !== undefined && idInForm !== basic.id) return refuse('two_authentications');
    return accept({ ...basic, method: 'client_secret_basic' });
  }
  if (idInForm === undefined) return refuse('missing_parameter', 'client_id');
  return accept({
    id: idInForm,
    method: secretInForm === undefined ? 'none' : 'client_secret_post',
    secret: secretInForm ?? null,
  });
}

/** A client whose authentication was judged; only {@link judgeClient} makes one. */
export type AuthenticatedClient = Client & { readonly __checked: 'client' };

/**
 * Judges what was presented against the client. A client uses the method that it is registered for; the two ways to send
 * a secret count as one, because client libraries choose between them by themselves.
 */
export async function judgeClient(
  client: Client,
  presented: PresentedClient,
): Promise<Judged<AuthenticatedClient>> {
  const isPublic = client.metadata.token_endpoint_auth_method === 'none';
  if (isPublic !== (presented.method === 'none')) return refuse('wrong_authentication_method');
  if (isPublic) return accept(client as AuthenticatedClient);
  // Digests are compared, so that the time taken says nothing about the secret.
  const digest = await sha256Hex(utf8(presented.secret ?? ''));
  return digest === client.secretSha256 ? accept(client as AuthenticatedClient) : refuse('wrong_secret');
}

function readBasic(authorization: string): { id: string; secret: string } | null {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined || encoded.length > 4096) return null;
  try {
    const [, id, secret] = /^([^:]+):(.+)$/s.exec(atob(encoded)) ?? [];
    if (id === undefined || secret === undefined) return null;
    return { id: formDecode(id), secret: formDecode(secret) };
  } catch {
    return null;
  }
}

/** RFC 6749, section 2.3.1: both parts of the header are form-encoded first. */
function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
