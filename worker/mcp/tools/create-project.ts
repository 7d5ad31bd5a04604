import { z } from 'zod';
import { descriptionText, nameText } from '../../input/text-schemas.ts';
import { createProject } from '../../projects/create-project.ts';
import { idempotencyKey, idempotencyOf } from '../../tenants/idempotency.ts';
import { ADDS, defineTool } from '../tool.ts';

const input = z.object({
  name: nameText.regex(
    /^[\p{L}\p{N}\p{Extended_Pictographic}][^`]*$/u,
    'expected a letter, digit or emoji first, and no `',
  ),
  description: descriptionText.default(''),
  restricted: z.boolean().default(false).describe('Seen by its members alone, at first only by its maker'),
  idempotency_key: idempotencyKey,
});

export const createProjectTool = defineTool({
  name: 'create_project',
  title: 'Create a project',
  description:
    'Creates an empty project: a versioned folder for models, notes and attached data. Names are unique in the tenant, whatever their case.',
  input,
  output: z.object({ project: z.string(), name: z.string(), replayed: z.boolean() }),
  needs: { scopes: ['projects:write'], role: 'member' },
  annotations: ADDS,
  async run(given, { platform, principal }) {
    const idempotency = await idempotencyOf('create_project', given.idempotency_key, given);
    const created = await createProject(platform, principal, {
      name: given.name,
      description: given.description,
      restricted: given.restricted,
      idempotency,
    });
    return { structured: { ...created, name: given.name } };
  },
});
