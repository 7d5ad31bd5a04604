import type { Context } from 'hono';
import { newSink } from '../../api/routes/audit.ts';
import { newSinkPage, type SinksPage, sinksPage, type TeamOfSinks } from '../../console/sinks-page.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import { personPrincipal } from '../../people/person.ts';
import { asPage } from '../../people/routes/as-page.ts';
import { readPosted } from '../../people/routes/posted.ts';
import { problemOf } from '../../people/routes/problem.ts';
import { seeOther } from '../../people/see-other.ts';
import { requireSession, type Session } from '../../people/session.ts';
import { recordedReader } from '../recorded-reader.ts';
import { addSink, endSink, listSinks, resendToSink } from '../sinks/manage-sinks.ts';

const PATH = '/audit/sinks';
const DONE: Readonly<Record<string, string>> = {
  added: 'It gets the log from now on, from the first entry.',
  ended: 'It gets nothing more.',
  resent: 'What it did not take is sent again within a minute.',
};

/** `GET /audit/sinks`: where the logs of the teams that the person administers are sent. */
export const showSinks = asPage(async (context) => {
  const session = await requireSession(context, PATH);
  if (session instanceof Response) return session;
  return page(context, session);
});

export const addSinkOfTeam = asPage(async (context) => {
  const posted = await readPosted(context, PATH);
  if (posted instanceof Response) return posted;
  const { session, form } = posted;
  form.delete('csrf');
  try {
    const { secret } = await addSink(context.get('platform'), principalOf(context, session), askedSink(form));
    return secret === null ? seeOther(`${PATH}?done=added`) : newSinkPage(session, secret);
  } catch (error) {
    form.delete('secret_access_key');
    return page(context, session, {
      problem: problemOf(error),
      typed: { tenant: context.req.param('tenant') ?? '', form },
    });
  }
});

export const endSinkOfTeam = asPage(async (context) => {
  const posted = await readPosted(context, PATH);
  if (posted instanceof Response) return posted;
  await endSink(context.get('platform'), principalOf(context, posted.session), sinkOf(context));
  return seeOther(`${PATH}?done=ended`);
});

export const resendToSinkOfTeam = asPage(async (context) => {
  const posted = await readPosted(context, PATH);
  if (posted instanceof Response) return posted;
  await resendToSink(context.get('platform'), principalOf(context, posted.session), sinkOf(context), null);
  return seeOther(`${PATH}?done=resent`);
});

/** What the form says, without the fields that were left empty, as the management API would take it. */
function askedSink(form: URLSearchParams) {
  const parsed = newSink.safeParse(Object.fromEntries([...form].filter(([, value]) => value !== '')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal('invalid_arguments', `${issue?.path.join('.')}: ${issue?.message}`);
}

const sinkOf = (context: Context<AppEnv>) => context.req.param('sink') ?? '';

function principalOf(context: Context<AppEnv>, session: Session) {
  return personPrincipal(session, context.req.param('tenant') ?? '', context.get('call'));
}

async function page(
  context: Context<AppEnv>,
  session: Session,
  again: Pick<SinksPage, 'problem' | 'typed'> = {},
): Promise<Response> {
  const administered = session.tenants.filter(({ role }) => role === 'admin' || role === 'owner');
  const teams = await Promise.all(
    administered.map(async (team): Promise<TeamOfSinks> => {
      const reading = { page: PATH, asked: {} };
      const principal = await recordedReader(session, team.tenantId, context.get('call'), reading);
      return { ...team, sinks: await listSinks(context.get('platform'), principal) };
    }),
  );
  const done = DONE[context.req.query('done') ?? ''];
  return sinksPage({ session, teams, ...again, ...(done === undefined ? {} : { done }) });
}
