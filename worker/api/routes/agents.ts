import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { idText, inTenant, moment, page, pageQuery, person, scopes } from '../schemas.ts';

const clientId = z.string().min(1).max(1000).describe('`cli_…`, or the address of its metadata document');

export const client = z
  .object({
    client: clientId,
    name: z.string(),
    origin: z
      .enum(['registered', 'document', 'operator'])
      .nullable()
      .describe('Who vouches for it: itself, its metadata document, or the operator'),
    people: z.number().int().describe('Members who let it in'),
    grants: z.number().int(),
    last_used_at: moment.nullable(),
    blocked_at: moment.nullable().describe('When an admin blocked it here; null: it may be let in'),
  })
  .meta({ id: 'Client' });

const ended = z.number().int().describe('How many of its grants ended');

export const grant = z
  .object({
    grant: idText('grant'),
    ...person.shape,
    client: clientId,
    client_name: z.string(),
    scopes,
    created_at: moment,
    last_used_at: moment.nullable(),
    expires_at: moment.nullable().describe('null: never, as of a service that the operator registered'),
  })
  .meta({ id: 'Grant' });

/** OAuth clients, and what members granted them. */
export const AGENT_ROUTES = {
  listClients: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/clients',
    access: 'admin',
    tag: 'Clients',
    summary: 'OAuth clients that members have let in, and those that are blocked',
    params: inTenant,
    query: pageQuery,
    answer: z.object({ clients: z.array(client), ...page }),
  }),
  endClient: defineRoute({
    method: 'POST',
    path: '/tenants/:tenant/clients/end',
    access: 'admin',
    tag: 'Clients',
    summary: 'End all grants of a client',
    description:
      'Whoever of the tenant let it in: every token is refused from the next request on. It may be let in again.',
    params: inTenant,
    body: z.object({ client: clientId }),
    answer: z.object({ client: clientId, grants_ended: ended }),
    refuses: ['not_found'],
  }),
  changeClient: defineRoute({
    method: 'PATCH',
    path: '/tenants/:tenant/clients',
    access: 'admin',
    tag: 'Clients',
    summary: 'Block a client, or take the block away',
    description:
      'A blocked client gets no consent, no tokens and no answer in this tenant; its grants end, and unblocking brings none back.',
    params: inTenant,
    body: z.object({ client: clientId, blocked: z.boolean() }),
    answer: z.object({
      client: clientId,
      blocked: z.boolean(),
      changed: z.boolean().describe('false: it was so before'),
      grants_ended: ended,
    }),
    refuses: ['not_found'],
  }),
  listGrants: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/grants',
    access: 'admin',
    tag: 'Grants',
    summary: 'Connected agents: who let in which client, and what it may do',
    params: inTenant,
    query: pageQuery.extend({ user: idText('user').optional(), client: clientId.optional() }),
    answer: z.object({ grants: z.array(grant), ...page }),
  }),
  endGrant: defineRoute({
    method: 'DELETE',
    path: '/tenants/:tenant/grants/:grant',
    access: 'admin',
    tag: 'Grants',
    summary: 'End a connected agent',
    description: 'Every token of it is refused from the next request on.',
    params: inTenant.extend({ grant: idText('grant') }),
    answer: null,
    refuses: ['not_found'],
  }),
} as const;
