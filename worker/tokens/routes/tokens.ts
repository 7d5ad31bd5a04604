import type { Context } from 'hono';
import { newId, type TokenId } from '../../../protocol/ids.ts';
import { readerByRole } from '../../audit/recorded-reader.ts';
import { newTokenPage } from '../../console/new-token-page.ts';
import { type TeamOfTokens, tokensPage } from '../../console/tokens-page.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import { personPrincipal } from '../../people/person.ts';
import { asPage } from '../../people/routes/as-page.ts';
import { requiredField } from '../../people/routes/field.ts';
import { readPosted } from '../../people/routes/posted.ts';
import { problemOf } from '../../people/routes/problem.ts';
import { seeOther } from '../../people/see-other.ts';
import { requireSession, type Session } from '../../people/session.ts';
import { seal, unseal } from '../../seal/seal.ts';
import { createToken } from '../create-token.ts';
import { listTokens } from '../list-tokens.ts';
import { parseTokenForm } from '../parse-token-form.ts';
import { revokeToken } from '../revoke-token.ts';
import { rotateToken } from '../rotate-token.ts';

const PATH = '/tokens';
const ROWS = 50;
const FORM_LIFETIME_MS = 24 * 3600_000;
const OVERLAP_SECONDS_MAX = 30 * 24 * 3600;
const DONE: Readonly<Record<string, string>> = { revoked: 'Revoked. Its next request is refused.' };

/** What a form for a new token carries: which token it makes, and for whom. */
interface SealedForm {
  readonly token: TokenId;
  readonly session: string;
}

export const showTokens = asPage(async (context) => {
  const session = await requireSession(context, PATH);
  if (session instanceof Response) return session;
  return page(context, session);
});

/** Makes a token and shows its text, which no redirect could carry. The page again where it is not accepted. */
export const makeToken = asPage(async (context) => {
  const posted = await readPosted(context, PATH);
  if (posted instanceof Response) return posted;
  const { session, form } = posted;
  const platform = context.get('platform');
  const again = (problem: string) => page(context, session, { problem, typed: form });
  const sealed = await unseal<SealedForm>(platform.sealKey, 'new-token', requiredField(form, 'token'));
  if (!sealed.ok || sealed.claim.session !== session.sessionId)
    return again('This form was out of date. Send it again.');
  const parsed = parseTokenForm(form, platform.refusedText);
  if (!parsed.ok) return again(parsed.problem);
  try {
    const principal = personPrincipal(session, requiredField(form, 'tenant'), context.get('call'));
    const made = await createToken(platform, principal, { ...parsed.wish, id: sealed.claim.token });
    return newTokenPage({ session, name: parsed.wish.name, made, mcpUrl: `${platform.publicUrl}/mcp` });
  } catch (error) {
    return again(problemOf(error));
  }
});

export const rotateOwnToken = asPage(async (context) => {
  const posted = await readPosted(context, PATH);
  if (posted instanceof Response) return posted;
  const { session, form } = posted;
  const platform = context.get('platform');
  const overlapSeconds = Number(requiredField(form, 'overlap'));
  if (!(Number.isInteger(overlapSeconds) && overlapSeconds >= 0 && overlapSeconds <= OVERLAP_SECONDS_MAX))
    return page(context, session, { problem: 'Choose how long the old token goes on.' });
  try {
    const token = context.req.param('token') ?? '';
    const made = await rotateToken(platform, principalOf(context, session), { token, overlapSeconds });
    const { name, oldUntil } = made;
    return newTokenPage({ session, name, made, oldUntil, mcpUrl: `${platform.publicUrl}/mcp` });
  } catch (error) {
    return page(context, session, { problem: problemOf(error) });
  }
});

export const endToken = asPage(async (context) => {
  const posted = await readPosted(context, PATH);
  if (posted instanceof Response) return posted;
  const principal = principalOf(context, posted.session);
  await revokeToken(context.get('platform'), principal, context.req.param('token') ?? '');
  return seeOther(`${PATH}?done=revoked`);
});

function principalOf(context: Context<AppEnv>, session: Session) {
  return personPrincipal(session, context.req.param('tenant') ?? '', context.get('call'));
}

async function page(
  context: Context<AppEnv>,
  session: Session,
  again: { readonly problem?: string; readonly typed?: URLSearchParams } = {},
): Promise<Response> {
  const platform = context.get('platform');
  const done = DONE[context.req.query('done') ?? ''];
  const isWithEnded = context.req.query('ended') === 'yes';
  const team = context.req.query('team');
  const asked = session.tenants.filter(({ tenantId }) => team === undefined || tenantId === team);
  if (team !== undefined && asked.length === 0) throw new Refusal('not_found', 'You belong to no such team.');
  const teams = await Promise.all(
    asked.map(async (tenant): Promise<TeamOfTokens> => {
      const principal = await readerByRole(session, tenant, context.get('call'), PATH);
      const cursor = team === undefined ? undefined : context.req.query('after');
      return { ...tenant, ...(await listTokens(platform, principal, { isWithEnded, limit: ROWS, cursor })) };
    }),
  );
  const claim: SealedForm = { token: newId('token'), session: session.sessionId };
  const sealedId = await seal(platform.sealKey, 'new-token', claim, FORM_LIFETIME_MS);
  const { problem, typed } = again;
  return tokensPage({
    session,
    teams,
    isWithEnded,
    form: { sealedId, ...(typed === undefined ? {} : { typed }) },
    ...(problem === undefined ? {} : { problem }),
    ...(done === undefined ? {} : { done }),
  });
}
