import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { idText, inTenant, moment } from '../schemas.ts';

const TAG = 'The life of a tenant';

const due = { due_at: moment.describe('When it is deleted for good') };

/** A tenant that waits for its deletion is suspended, so nobody enters it: what is asked about it then is asked by the person. */
export const LIFE_ROUTES = {
  requestDeletion: defineRoute({
    method: 'POST',
    path: '/tenants/:tenant/deletion',
    access: 'owner',
    tag: TAG,
    summary: 'Suspend the tenant at once, and delete it when its grace is over',
    description:
      'Everybody is locked out, you too, and every run ends. Until `due_at` an owner may take it back. `GET /teams/{tenant}/export` gives the same session everything of the tenant as one archive: do that before.',
    params: inTenant,
    body: z.object({
      name: z
        .string()
        .min(1)
        .max(255)
        .describe('The name of the tenant, as a sign that it is the one that you mean'),
      reason: z.string().trim().min(1).max(500).optional().describe('Stands in the certificate'),
    }),
    answer: z.object(due),
  }),
  listDeletions: defineRoute({
    method: 'GET',
    path: '/deletions',
    access: 'person',
    tag: TAG,
    summary: 'Tenants that you own and that wait for their deletion',
    answer: z.object({
      deletions: z.array(
        z.object({
          tenant: idText('tenant'),
          name: z.string(),
          ...due,
          by_operator: z.boolean().describe('Asked for by the operator, who alone takes it back'),
        }),
      ),
    }),
  }),
  takeBackDeletion: defineRoute({
    method: 'DELETE',
    path: '/deletions/:tenant',
    access: 'person',
    tag: TAG,
    summary: 'Keep a tenant that waits for its deletion: it works again',
    description: 'For its owners, where an owner asked for the deletion.',
    params: inTenant,
    answer: null,
    refuses: ['not_found'],
  }),
} as const;
