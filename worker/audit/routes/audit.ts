import { auditPage } from '../../console/audit-page.ts';
import { Refusal } from '../../http/refusal.ts';
import { listMembers } from '../../people/list-members.ts';
import { askedFilter } from '../../people/routes/asked-filter.ts';
import { personPage } from '../../people/routes/person-page.ts';
import { isAdministrator } from '../../tenants/roles.ts';
import { exportLog } from '../export-log.ts';
import { parseAuditFilter } from '../parse-audit-filter.ts';
import { recordedReader } from '../recorded-reader.ts';
import { searchAudit } from '../search-audit.ts';

const PATH = '/audit';
const EXPORT_PATH = '/audit/:tenant/export';
const ROWS = 100;
/** Whom the filter offers. */
const MEMBERS_SHOWN = 200;
const PARAMETERS = 'team person credential client action outcome call order from until'.split(' ');

/** `GET /audit`: the log of one team that the person administers, the first where the address names none. */
export const showAudit = personPage(PATH, async (context, session) => {
  const asked = askedFilter(context, PARAMETERS);
  const teams = session.tenants.filter(({ role }) => isAdministrator(role));
  const named = asked.get('team');
  const team = named === null ? teams[0] : teams.find(({ tenantId }) => tenantId === named);
  if (team === undefined && named !== null) throw new Refusal('not_found', 'You administer no such team.');
  if (team === undefined)
    return auditPage({ session, teams, tenantId: null, rows: [], cursor: null, asked, members: [] });
  const platform = context.get('platform');
  const reading = { page: PATH, asked: Object.fromEntries(asked) };
  const principal = await recordedReader(session, team.tenantId, context.get('call'), reading);
  const parsed = parseAuditFilter(asked);
  const [members, found] = await Promise.all([
    listMembers(platform, principal, { limit: MEMBERS_SHOWN }),
    parsed.ok
      ? searchAudit(platform, principal, parsed.filter, { limit: ROWS, cursor: context.req.query('after') })
      : { rows: [], cursor: null },
  ]);
  return auditPage({
    session,
    teams,
    tenantId: team.tenantId,
    rows: found.rows,
    cursor: found.cursor,
    asked,
    members: members.rows,
    problem: parsed.ok ? undefined : parsed.problem,
  });
});

/** `GET /audit/:tenant/export`: the file that `./causeway audit verify` proves. */
export const downloadAudit = personPage(PATH, async (context, session) => {
  const tenant = context.req.param('tenant') ?? '';
  const reading = { page: EXPORT_PATH, asked: {} };
  const principal = await recordedReader(session, tenant, context.get('call'), reading);
  const body = await exportLog(context.get('platform'), principal);
  return new Response(body, {
    headers: {
      'content-type': 'application/jsonl',
      'content-disposition': `attachment; filename="audit-${tenant}.jsonl"`,
      'cache-control': 'no-store',
    },
  });
});
