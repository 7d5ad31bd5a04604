import { z } from 'zod';
import { LIMITS, limit } from '../../../protocol/limits.ts';
import { identityOf } from '../../tenants/identity.ts';
import { defineTool, READS } from '../tool.ts';

export const whoami = defineTool({
  name: 'whoami',
  title: 'Who am I',
  description:
    'Says for whom you act (person, tenant, role, scopes), what the sandbox offers (engine, Python, packages, what is absent) and the limits that count. Call it first when something is refused.',
  input: z.object({}),
  output: z.object({
    user: z.object({ id: z.string(), name: z.string(), email: z.string() }).nullable(),
    tenant: z.object({ id: z.string(), name: z.string() }),
    role: z.string().nullable(),
    scopes: z.array(z.string()),
    projects: z
      .array(z.string())
      .optional()
      .describe('The only projects that the token reaches; absent: all of the person'),
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
        limits: Object.fromEntries(
          Object.keys(LIMITS).map((name) => [name, limit(name as keyof typeof LIMITS)]),
        ),
      },
    };
  },
});
