import { z } from 'zod';
import { refuseData } from '../../data/refuse-import.ts';
import { selectSource } from '../../database/data.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { describedSnapshot, describeSnapshot } from '../data-schemas.ts';
import { projectReference } from '../schemas.ts';
import { defineTool, READS } from '../tool.ts';

export const describeData = defineTool({
  name: 'describe_data',
  title: 'Describe data',
  description:
    'Says what a data source holds now: columns with type, missing values, least and greatest; five rows; where a run finds it and the line of Python that loads it. Call it before you write code that uses the data.',
  input: z.object({
    project: projectReference,
    name: z.string().min(1).max(100).describe('As list_data_sources shows it'),
  }),
  output: z.object({
    ...describedSnapshot,
    imported_at: z.string(),
    origin: z.object({
      kind: z.enum(['text', 'upload', 'run']),
      upload: z.string().optional(),
      run: z.string().optional(),
      name: z.string().optional().describe('Name of the output'),
    }),
    snapshots: z.number().int().describe('How many this source has had'),
  }),
  needs: { scopes: ['data:read'], role: 'viewer' },
  annotations: READS,
  async run(input, { platform, principal }) {
    const [found] = await withTenant(platform.database, principal, [
      selectSource(input.project, input.name),
    ] as const);
    if (!found.ok) throw refuseData(found, input);
    const { imported_at, origin, snapshots } = found;
    return { structured: { ...describeSnapshot(found), imported_at, origin: { ...origin }, snapshots } };
  },
});
