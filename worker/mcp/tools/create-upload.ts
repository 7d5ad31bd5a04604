import { z } from 'zod';
import { limit } from '../../../protocol/limits.ts';
import { sha256Schema } from '../../../protocol/manifest.ts';
import { createUpload } from '../../data/create-upload.ts';
import { agentSees, dataFormat, sourceName } from '../data-schemas.ts';
import { projectReference } from '../schemas.ts';
import { ADDS, defineTool } from '../tool.ts';

export const createUploadTool = defineTool({
  name: 'create_upload',
  title: 'Create an upload',
  description:
    'Returns a one-use address for a file too large for import_data, up to 100 MiB. PUT it there within 15 minutes (run the curl line, or give it to the person), then import_data with the upload.',
  input: z.object({
    project: projectReference,
    name: sourceName,
    format: dataFormat,
    bytes: z.number().int().min(1).max(limit('upload_bytes')).describe('Exact size'),
    sha256: sha256Schema.optional().describe('Checked when given'),
    agent_sees: agentSees,
  }),
  output: z.object({
    upload: z.string(),
    url: z.string().describe('Secret'),
    expires_at: z.string(),
    curl: z.string(),
    next: z.string(),
  }),
  needs: { scopes: ['data:write'], role: 'member' },
  annotations: ADDS,
  async run(input, { platform, principal }) {
    const { project, name, format, bytes } = input;
    const created = await createUpload(platform, principal, {
      project,
      name,
      format,
      bytes,
      sha256: input.sha256 ?? null,
      agentSees: input.agent_sees,
    });
    return {
      structured: {
        ...created,
        curl: `curl --fail-with-body -T '${name}.${format}' '${created.url}'`,
        next: `When the PUT has answered 201: import_data with name "${name}", format "${format}", upload "${created.upload}".`,
      },
    };
  },
});
