import { z } from 'zod';
import { describeSource } from '../../data/describe-source.ts';
import { describedSnapshot } from '../data-schemas.ts';
import { projectReference, sourceReference } from '../schemas.ts';
import { defineTool, READS } from '../tool.ts';

export const describeData = defineTool({
  name: 'describe_data',
  title: 'Describe data',
  description:
    'Says what a data source holds now: columns with types and bounds, five rows, the line of Python that loads it. Call it before you write code for the data. Of schema_only data: names and types alone.',
  input: z.object({
    project: projectReference,
    name: sourceReference,
  }),
  output: z.object({
    ...describedSnapshot,
    imported_at: z.string().nullable(),
    origin: z
      .object({
        kind: z.enum(['text', 'upload', 'run']),
        upload: z.string().optional(),
        run: z.string().optional(),
        name: z.string().optional(),
      })
      .nullable(),
    snapshots: z.number().int().nullable(),
  }),
  needs: { scopes: ['data:read'], role: 'viewer' },
  annotations: READS,
  async run(input, { platform, principal }) {
    return { structured: await describeSource(platform, principal, input) };
  },
});
