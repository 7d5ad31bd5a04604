import { z } from 'zod';
import { listSources } from '../../data/list-sources.ts';
import { AGENT_SEES } from '../../sight/agent-sees.ts';
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
    const { rows, ...listed } = await listSources(platform, principal, { ...input, limit: PAGE });
    return { structured: { ...listed, data_sources: rows } };
  },
});
