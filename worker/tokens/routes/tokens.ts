import type { Context } from 'hono';
import { newId, type TokenId } from '../../../protocol/ids.ts';
import { readerByRole } from '../../audit/recorded-reader.ts';
import { newTokenPage } from '../../console/new-token-page.ts';
import { type TeamOfTokens, tokensPage } from '../../console/tokens-page.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { personPrincipal } from '../../people/person.ts';
import { requiredField } from '../../people/routes/field.ts';
import { personForm, personPage, principalHere, teamsHere } from '../../people/routes/person-page.ts';
import { problemOf } from '../../people/routes/problem.ts';
import { seeOther } from '../../people/see-other.ts';
import type { Session } from '../../people/session.ts';
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

export const showTokens = personPage(PATH, page);

/** Makes a token and shows its text, which no redirect could carry. The page again where it is not accepted. */
export const makeToken = personForm(PATH, async (context, session, form) => {
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

export const rotateOwnToken = personForm(PATH, async (context, session, form) => {
  const platform = context.get('platform');
  const overlapSeconds = Number(requiredField(form, 'overlap'));
  if (!(Number.isInteger(overlapSeconds) && overlapSeconds >= 0 && overlapSeconds <= OVERLAP_SECONDS_MAX))
    return page(context, session, { problem: 'Choose how long the old token goes on.' });
  try {
    const token = context.req.param('token') ?? '';
    const made = await rotateToken(platform, principalHere(context, session), { token, overlapSeconds });
    const { name, oldUntil } = made;
    return newTokenPage({ session, name, made, oldUntil, mcpUrl: `${platform.publicUrl}/mcp` });
  } catch (error) {
    return page(context, session, { problem: problemOf(error) });
  }
});

export const endToken = personForm(PATH, async (context, session) => {
  const principal = principalHere(context, session);
  await revokeToken(context.get('platform'), principal, context.req.param('token') ?? '');
  return seeOther(`${PATH}?done=revoked`);
});

async function page(
  context: Context<AppEnv>,
  session: Session,
  again: { readonly problem?: string; readonly typed?: URLSearchParams } = {},
): Promise<Response> {
  const platform = context.get('platform');
  const isWithEnded = context.req.query('ended') === 'yes';
  const { teams, cursor } = teamsHere(context, session);
  const shown = await Promise.all(
    teams.map(async (team): Promise<TeamOfTokens> => {
      const principal = await readerByRole(session, team, context.get('call'), PATH);
      return { ...team, ...(await listTokens(platform, principal, { isWithEnded, limit: ROWS, cursor })) };
    }),
  );
  const claim: SealedForm = { token: newId('token'), session: session.sessionId };
  const sealedId = await seal(platform.sealKey, 'new-token', claim, FORM_LIFETIME_MS);
  return tokensPage({
    session,
    teams: shown,
    isWithEnded,
    form: { sealedId, typed: again.typed },
    problem: again.problem,
    done: DONE[context.req.query('done') ?? ''],
  });
}
