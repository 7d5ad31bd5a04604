import type { Context } from 'hono';
import { newId } from '../../../protocol/ids.ts';
import { consentToClient } from '../../database/oauth-grants.ts';
import type { SqlAnswer } from '../../database/refusal-data.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import { personPrincipal, withTenantOfPerson } from '../../people/person.ts';
import { parseReturnPath } from '../../people/return-address.ts';
import { asPage } from '../../people/routes/as-page.ts';
import { requiredField } from '../../people/routes/field.ts';
import { personForm } from '../../people/routes/person-page.ts';
import { requireSession } from '../../people/session.ts';
import { seal, unseal } from '../../seal/seal.ts';
import { answerClient } from '../authorization-response.ts';
import { isDocumentId } from '../client-document.ts';
import { consentPage } from '../consent-page.ts';
import { findClient, findKnownClient } from '../find-client.ts';
import { type AuthorizationRequest, judgeAuthorization } from '../judge-authorization.ts';
import { LIFETIMES } from '../lifetimes.ts';
import { parseParameters } from '../parameters.ts';
import { judgeRedirect } from '../redirect-uri.ts';
import { type OAuthRefusal, refuse, wireError } from '../refusal.ts';
import { newOpaque } from '../secret.ts';
import { oauthSettings } from '../settings.ts';

/** What the consent page carries: it holds for the session that saw it, and for nobody else. */
interface ConsentClaim {
  readonly sessionId: string;
  readonly request: AuthorizationRequest;
}

/** `GET /oauth/authorize` (RFC 6749, section 4.1.1): judges the request, signs the person in, and asks them. */
export const showConsent = asPage(async (context) => {
  const platform = context.get('platform');
  const settings = oauthSettings(platform);
  const parameters = parseParameters(new URL(context.req.url).searchParams);
  if (!parameters.ok) throw tellPerson(parameters);
  const clientId = parameters.value.get('client_id');
  if (clientId === undefined) throw tellPerson(refuse('missing_parameter', 'client_id'));

  // A document is fetched for somebody who is signed in, so that no stranger makes this server fetch.
  if (isDocumentId(clientId)) {
    const session = await requireSession(context, ownAddress(context));
    if (session instanceof Response) return session;
  }
  const client = await findClient(platform, clientId);
  if (!client.ok) throw tellPerson(client);
  const judged = judgeAuthorization(parameters.value, client.value, settings);
  if (!judged.ok) {
    if (judged.answerTo === null) throw tellPerson(judged.refusal);
    return answerClient(judged.answerTo, settings.issuer, judged.refusal);
  }

  const session = await requireSession(context, ownAddress(context));
  if (session instanceof Response) return session;
  const { request } = judged;
  const claim: ConsentClaim = { sessionId: session.sessionId, request };
  return consentPage({
    session,
    client: client.value,
    scopes: request.scopes,
    answer: { redirectUri: request.redirectUri },
    sealed: await seal(platform.sealKey, 'consent', claim, LIFETIMES.consent * 1000),
  });
});

/** `POST /oauth/authorize`: the person's decision. Each request of each client is asked for anew. */
export const decideConsent = personForm('/account', async (context, session, form) => {
  const platform = context.get('platform');
  const { issuer } = oauthSettings(platform);
  const unsealed = await unseal<ConsentClaim>(platform.sealKey, 'consent', requiredField(form, 'request'));
  if (!unsealed.ok || unsealed.claim.sessionId !== session.sessionId) throw outOfDate();
  const { request } = unsealed.claim;

  const client = await findKnownClient(platform, request.clientId);
  if (!client.ok) throw tellPerson(client);
  const redirect = judgeRedirect(request.redirectUri, client.value.metadata.redirect_uris);
  if (!redirect.ok) throw tellPerson(redirect);
  if (form.get('decision') !== 'allow') return answerClient(request, issuer, refuse('access_denied'));

  const code = await newOpaque('code');
  const principal = personPrincipal(session, requiredField(form, 'tenant'), context.get('call'));
  const [consent] = await withTenantOfPerson(platform, principal, [
    consentToClient({
      grantId: newId('grant'),
      clientId: request.clientId,
      scopes: request.scopes,
      resource: request.resource,
      code: { sha256: code.sha256, redirect_uri: request.redirectUri, challenge: request.challenge },
    }),
  ] as const);
  if (!consent.ok) throw refuseConsent(consent);
  return answerClient(request, issuer, { code: code.text });
});

/** Why the database does not take the consent of a signed-in person. */
export function refuseConsent({ code }: SqlAnswer<object> & { readonly ok: false }): Refusal {
  if (code !== 'client_blocked') throw new Error(`a session may consent: ${code}`);
  return new Refusal('client_blocked', 'The admins of this team have blocked this agent.', {
    hint: 'Nothing was granted. Ask an admin of the team, or let it in to another team of yours.',
  });
}

/** The address of this request, to come back to after signing in. */
function ownAddress(context: Context<AppEnv>): string {
  const path = `/oauth/authorize${new URL(context.req.url).search}`;
  if (parseReturnPath(path) === null)
    throw tellPerson(refuse('malformed_parameter', 'the address is too long'));
  return path;
}

/** A refusal where no address of the client is proven: shown to the person, and sent nowhere. */
export function tellPerson(refusal: OAuthRefusal): Refusal {
  return new Refusal(
    'invalid_arguments',
    `The program that sent you here made a mistake. ${wireError(refusal).description}`,
    {
      hint: 'Nothing was granted. Start again from your agent; if it stays, tell its maker what stands here.',
    },
  );
}

export function outOfDate(): Refusal {
  return new Refusal('forbidden_origin', 'This page is out of date.', {
    hint: 'Nothing was granted. Start again from your agent.',
  });
}
