import type { Context } from 'hono';
import { newSink } from '../../api/routes/audit.ts';
import { newSinkPage, type SinksPage, sinksPage, type TeamOfSinks } from '../../console/sinks-page.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import { personForm, personPage, principalHere } from '../../people/routes/person-page.ts';
import { problemOf } from '../../people/routes/problem.ts';
import { seeOther } from '../../people/see-other.ts';
import type { Session } from '../../people/session.ts';
import { isAdministrator } from '../../tenants/roles.ts';
import { recordedReader } from '../recorded-reader.ts';
import { addSink, endSink, listSinks, resendToSink } from '../sinks/manage-sinks.ts';

const PATH = '/audit/sinks';
const DONE: Readonly<Record<string, string>> = {
  added: 'It gets the log from now on, from the first entry.',
  ended: 'It gets nothing more.',
  resent: 'What it did not take is sent again within two minutes.',
};

/** `GET /audit/sinks`: where the logs of the teams that the person administers are sent. */
export const showSinks = personPage(PATH, page);

export const addSinkOfTeam = personForm(PATH, async (context, session, form) => {
  form.delete('csrf');
  try {
    const { secret } = await addSink(
      context.get('platform'),
      principalHere(context, session),
      askedSink(form),
    );
    return secret === null ? seeOther(`${PATH}?done=added`) : newSinkPage(session, secret);
  } catch (error) {
    form.delete('secret_access_key');
    return page(context, session, {
      problem: problemOf(error),
      typed: { tenant: context.req.param('tenant') ?? '', form },
    });
  }
});

export const endSinkOfTeam = personForm(PATH, async (context, session) => {
  await endSink(context.get('platform'), principalHere(context, session), sinkOf(context));
  return seeOther(`${PATH}?done=ended`);
});

export const resendToSinkOfTeam = personForm(PATH, async (context, session) => {
  await resendToSink(context.get('platform'), principalHere(context, session), sinkOf(context), null);
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

async function page(
  context: Context<AppEnv>,
  session: Session,
  again: Pick<SinksPage, 'problem' | 'typed'> = {},
): Promise<Response> {
  const administered = session.tenants.filter(({ role }) => isAdministrator(role));
  const teams = await Promise.all(
    administered.map(async (team): Promise<TeamOfSinks> => {
      const reading = { page: PATH, asked: {} };
      const principal = await recordedReader(session, team.tenantId, context.get('call'), reading);
      return { ...team, sinks: await listSinks(context.get('platform'), principal) };
    }),
  );
  return sinksPage({ session, teams, ...again, done: DONE[context.req.query('done') ?? ''] });
}
