import { z } from 'zod';
import { referenceText } from '../../input/text-schemas.ts';
import { dataFormat } from '../../mcp/data-schemas.ts';
import { AGENT_SEES } from '../../sight/agent-sees.ts';
import { defineRoute } from '../route.ts';
import { idText, inTenant, moment, page, pageQuery } from '../schemas.ts';

const TAG = 'What agents see';

const agentSees = z.enum(AGENT_SEES);
const ofProject = inTenant.extend({ project: idText('project') });
const said = z.object({ agent_sees: agentSees });
const changed = said.extend({ changed: z.boolean() });

const dataSource = z
  .object({
    name: z.string(),
    source: idText('source'),
    format: dataFormat,
    agent_sees: agentSees,
    bytes: z.number().int().nullable(),
    row_count: z.number().int().nullable(),
    column_count: z.number().int().nullable(),
    sha256: z.string().nullable(),
    imported_at: moment.nullable(),
  })
  .meta({ id: 'DataSource' });

export const SIGHT_ROUTES = {
  getAgentSees: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/agent-sees',
    access: 'admin',
    tag: TAG,
    summary: 'What agents see of data that comes to any project of the tenant',
    params: inTenant,
    answer: said,
  }),
  setAgentSees: defineRoute({
    method: 'PUT',
    path: '/tenants/:tenant/agent-sees',
    access: 'admin',
    tag: TAG,
    summary: 'Say what agents see of data that comes to any project of the tenant',
    description:
      'Where the data says nothing itself. The strictest of what tenant, project and data say holds.',
    params: inTenant,
    body: said,
    answer: changed,
  }),
  listProjectData: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/projects/:project/data',
    access: 'admin',
    tag: TAG,
    summary: 'The data of a project by name, and what agents see of each',
    description: 'For who sees inside of the project.',
    params: ofProject,
    query: pageQuery,
    answer: z.object({
      agent_sees: agentSees.describe('Of data that comes to the project and says nothing itself'),
      data: z.array(dataSource),
      ...page,
    }),
    refuses: ['not_found'],
  }),
  setProjectAgentSees: defineRoute({
    method: 'PUT',
    path: '/tenants/:tenant/projects/:project/agent-sees',
    access: 'admin',
    tag: TAG,
    summary: 'Say what agents see of data that comes to a project',
    params: ofProject,
    body: said,
    answer: changed,
    refuses: ['not_found'],
  }),
  setDataAgentSees: defineRoute({
    method: 'PUT',
    path: '/tenants/:tenant/projects/:project/data/:source/agent-sees',
    access: 'admin',
    tag: TAG,
    summary: 'Say what agents see of a data source',
    description:
      'To see less covers at once every run that had it and all that was computed from these; to see more holds for runs that start from then on, and for what is imported into it, until somebody says less of it or of what comes to its project.',
    params: ofProject.extend({ source: referenceText.describe('Its name') }),
    body: said,
    answer: changed,
    refuses: ['not_found'],
  }),
} as const;
