import { z } from 'zod';
import { describeSource } from '../../data/describe-source.ts';
import { completeProject, completeSource } from '../completion/complete-project.ts';
import { defineResource } from '../resource.ts';
import { projectReference, sourceReference } from '../schemas.ts';

export const dataSource = defineResource({
  name: 'data_source',
  title: 'Data of a project',
  description:
    'What a data source holds now, as describe_data answers it: columns, types, bounds, five rows, and the line of Python that loads it.',
  mimeType: 'application/json',
  icon: 'data',
  template: 'data://{project}/{source}',
  variables: z.object({ project: projectReference, source: sourceReference }),
  needs: { scopes: ['data:read'], role: 'viewer' },
  complete: { project: completeProject, source: completeSource },
  async read({ project, source }, { platform, principal }) {
    const described = await describeSource(platform, principal, { project, name: source });
    return { part: { mimeType: 'application/json', text: JSON.stringify(described) } };
  },
});
