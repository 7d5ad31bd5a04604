import { z } from 'zod';
import { describeSource } from '../../data/describe-source.ts';
import { readRows } from '../../data/read-rows.ts';
import { completeProject, completeSource } from '../completion/complete-project.ts';
import { defineResource } from '../resource.ts';
import { projectReference, sourceReference } from '../schemas.ts';
import { withParameter } from '../uri-template.ts';
import { type RowWindow, rowsNotice } from './row-window.ts';

const MIME_TYPE = 'application/json';
/** Rows of one answer; it is cut at 64 Ki characters of cells as well. */
const ROWS_MAX = 500;
const offset = z.coerce.number().int().min(0).max(1_000_000_000).optional().describe('Rows to skip');

export const dataSource = defineResource({
  name: 'data_source',
  title: 'Data of a project',
  description:
    'What a data source holds now, as describe_data answers it: columns, types, bounds, five rows, and the line of Python that loads it. With ?offset=0 its rows, in pages.',
  mimeType: MIME_TYPE,
  icon: 'data',
  template: 'data://{project}/{source}',
  variables: z.object({ project: projectReference, source: sourceReference, offset }),
  needs: { scopes: ['data:read'], role: 'viewer' },
  complete: { project: completeProject, source: completeSource },
  async read({ project, source, offset: skipped }, context, uri) {
    if (skipped === undefined) {
      const described = await describeSource(context.platform, context.principal, { project, name: source });
      return {
        part: { mimeType: MIME_TYPE, text: JSON.stringify(described) },
        ...(described.about === null ? { notice: `Its rows are at ${withParameter(uri, 'offset', 0)}` } : {}),
      };
    }
    const asked = { project, name: source, offset: skipped, limit: ROWS_MAX };
    const { columns, rows, total, columnCount } = await readRows(context, asked);
    const window: RowWindow = { skipped, shown: rows.length, total, columns: columns.length, columnCount };
    return {
      part: { mimeType: MIME_TYPE, text: JSON.stringify({ columns, rows, total }) },
      ...rowsNotice(window, uri),
    };
  },
});
