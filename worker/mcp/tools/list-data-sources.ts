import { z } from 'zod';
import { refuseData } from '../../data/refuse-import.ts';
import { selectSources } from '../../database/data.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { AGENT_SEES } from '../../sight/agent-sees.ts';
import { seeListed } from '../../sight/see-source.ts';
import { decodeCursor, encodeCursor } from '../../tenants/cursor.ts';
import { dataFormat } from '../data-schemas.ts';
import { cursor, page, projectReference } from '../schemas.ts';
import { defineTool, READS } from '../tool.ts';

const PAGE = 100;

export const listDataSources = defineTool({
  name: 'list_data_sources',
  title: 'List data sources',
  description:
    'Lists the data attached to a project by name, with format, size and rows. A run finds each at /data/<name>/.',
  input: z.object({ project: projectReference, cursor }),
  output: z.object({
    project: z.string(),
    data_sources: z.array(
      z.object({
        name: z.string(),
        source: z.string(),
        format: dataFormat,
        agent_sees: z.enum(AGENT_SEES),
        bytes: z.number().int().nullable(),
        row_count: z.number().int().nullable(),
        column_count: z.number().int().nullable(),
        sha256: z.string().nullable(),
        imported_at: z.string().nullable(),
      }),
    ),
    ...page,
  }),
  needs: { scopes: ['data:read'], role: 'viewer' },
  annotations: READS,
  async run(input, { platform, principal }) {
    const [afterName] = input.cursor === undefined ? [''] : decodeCursor(input.cursor, [''] as const);
    const [found] = await withTenant(platform.database, principal, [
      selectSources(input.project, afterName, PAGE + 1),
    ] as const);
    if (!found.ok) throw refuseData(found, { project: input.project, name: '' });
    const shown = found.sources.slice(0, PAGE);
    const last = shown.at(-1);
    const truncated = found.sources.length > PAGE;
    return {
      structured: {
        project: found.project,
        data_sources: shown.map(seeListed),
        total: found.total,
        truncated,
        cursor: truncated && last !== undefined ? encodeCursor([last.name]) : null,
      },
    };
  },
});
