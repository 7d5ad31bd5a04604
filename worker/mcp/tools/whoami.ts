import { z } from 'zod';
import { type LimitName, limit } from '../../../protocol/limits.ts';
import { identityOf } from '../../tenants/identity.ts';
import { defineTool, READS } from '../tool.ts';

/** Those that an agent can meet. What bounds executors, sign-in and pages would cost it 400 tokens for nothing. */
const TOLD: readonly LimitName[] = [
  'run_wall_ms',
  'run_memory_bytes',
  'run_memory_bytes_max',
  'run_processes',
  'run_cpu_cores',
  'run_outputs_bytes',
  'run_tmp_bytes',
  'run_stream_bytes',
  'run_stream_inline_bytes',
  'run_harvest_files',
  'run_harvest_bytes',
  'run_parameters_bytes',
  'run_wait_ms',
  'name_chars',
  'description_bytes',
  'path_bytes',
  'request_body_bytes',
  'file_bytes',
  'write_files_bytes',
  'project_files',
  'tenant_projects',
  'inline_data_bytes',
  'upload_bytes',
  'upload_lifetime_ms',
  'open_uploads',
  'project_data_sources',
  'data_columns',
  'queued_runs',
  'running_runs',
  'calls_per_minute',
  'run_starts_per_minute',
  'withheld_starts_per_minute',
];

export const whoami = defineTool({
  name: 'whoami',
  title: 'Who am I',
  description:
    'Says for whom you act (person, tenant, role, scopes), what the sandbox offers (Python, packages, what is absent) and the limits. Call it first when something is refused.',
  input: z.object({}),
  output: z.object({
    user: z.object({ id: z.string(), name: z.string(), email: z.string() }).nullable(),
    tenant: z.object({ id: z.string(), name: z.string() }),
    role: z.string().nullable(),
    scopes: z.array(z.string()),
    projects: z.array(z.string()).optional().describe('Those that the token reaches; absent: all'),
    sandbox: z
      .object({
        engine: z.string(),
        image: z.string(),
        python: z.string(),
        packages: z.record(z.string(), z.string()),
        absent: z.array(z.string()),
      })
      .nullable()
      .describe('null while no executor has joined'),
    limits: z.record(z.string(), z.number()),
  }),
  needs: { scopes: [], role: null },
  annotations: READS,
  async run(_input, { platform, principal }) {
    const { identity, offer } = await identityOf(platform.database, principal);
    return {
      structured: {
        user:
          identity.userId === null
            ? null
            : { id: identity.userId, name: identity.userName ?? '', email: identity.userEmail ?? '' },
        tenant: { id: identity.tenantId, name: identity.tenantName },
        role: identity.role,
        scopes: [...identity.scopes],
        ...(identity.projects === null ? {} : { projects: [...identity.projects] }),
        sandbox:
          offer === null
            ? null
            : {
                engine: offer.engine,
                image: offer.image,
                python: offer.python,
                packages: Object.fromEntries(offer.packages.map(({ name, version }) => [name, version])),
                absent: [...offer.absent],
              },
        limits: Object.fromEntries(TOLD.map((name) => [name, limit(name)])),
      },
    };
  },
});
