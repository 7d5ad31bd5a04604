import type { Context } from 'hono';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import type { Principal } from '../../tenants/principal.ts';
import { checkCsrf } from '../csrf.ts';
import { personPrincipal } from '../person.ts';
import { readForm } from '../read-form.ts';
import { requireSession, type Session } from '../session.ts';
import { asPage, type PageHandler } from './as-page.ts';

/** A path of this deployment, or how the request tells it. */
type ReturnTo = string | ((context: Context<AppEnv>) => string);

/** A page for whoever is signed in; anyone else is sent to sign in, and then to `returnTo`. */
export function personPage(
  returnTo: ReturnTo,
  show: (context: Context<AppEnv>, session: Session) => Promise<Response>,
): PageHandler {
  return asPage(async function showToPerson(context) {
    const path = typeof returnTo === 'string' ? returnTo : returnTo(context);
    const session = await requireSession(context, path);
    return session instanceof Response ? session : show(context, session);
  });
}

/** What becomes of a form that a person sent from its own page; `forbidden_origin` for one that another page sent. */
export function personForm(
  returnTo: string,
  act: (context: Context<AppEnv>, session: Session, form: URLSearchParams) => Promise<Response>,
): PageHandler {
  return asPage(async function actForPerson(context) {
    const form = await readForm(context.req.raw, context.get('platform').publicUrl);
    const session = await requireSession(context, returnTo);
    if (session instanceof Response) return session;
    checkCsrf(form, session);
    return act(context, session, form);
  });
}

/** The person at work in the team that the path names. */
export function principalHere(context: Context<AppEnv>, session: Session): Principal {
  return personPrincipal(session, context.req.param('tenant') ?? '', context.get('call'));
}

/** The teams of which a page shows a list each: all of the person's, or the one that its address names, and that from where on. */
export function teamsHere(context: Context<AppEnv>, { tenants }: Session) {
  const named = context.req.query('team');
  if (named === undefined) return { teams: tenants, cursor: undefined };
  const teams = tenants.filter(({ tenantId }) => tenantId === named);
  if (teams.length === 0) throw new Refusal('not_found', 'You belong to no such team.');
  return { teams, cursor: context.req.query('after') };
}
