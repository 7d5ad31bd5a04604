import { findServiceGrant } from '../../database/oauth-grants.ts';
import type { Issue } from '../issue-access-token.ts';
import { accept, type Judged, refuse } from '../refusal.ts';
import { judgeResource } from '../resource.ts';
import { narrowScope } from '../scope.ts';
import type { TokenRequest } from './token-request.ts';

/**
 * A token for a confidential client by itself (RFC 6749, section 4.4). Such clients are the operator's to register, with
 * the member for whom they act and the scopes; there is no refresh token.
 */
export async function issueToService({ platform, client, form }: TokenRequest): Promise<Judged<Issue>> {
  const grant = await findServiceGrant(platform.database, client.id);
  if (grant === null || !grant.alive || grant.clientId !== client.id) return refuse('grant_ended');
  const scopes = narrowScope(form.get('scope'), grant.scopes);
  if (!scopes.ok) return scopes;
  const resource = judgeResource(form.get('resource'), grant.resource, false);
  if (!resource.ok) return resource;
  return accept({ grant, scopes: scopes.value, refreshToken: null });
}
