import { z } from 'zod';
import { labelsSchema } from '../../../protocol/labels.ts';
import { nameText } from '../../input/text-schemas.ts';
import { defineRoute } from '../route.ts';
import { idText, inTenant, moment } from '../schemas.ts';

const TAG = 'Executors';

const labels = labelsSchema.describe('What executors have, or must have, as `{"region": "eu"}`');
const placement = z.object({ pool: idText('pool').optional(), labels: labels.optional() });

const pool = z.object({ pool: idText('pool'), name: z.string(), created_at: moment }).meta({ id: 'Pool' });

const executor = z
  .object({
    executor: idText('executor'),
    name: z.string(),
    pool: idText('pool'),
    labels,
    slots: z.number().int().nullable(),
    engine: z.string().nullable(),
    created_at: moment,
    last_connected_at: moment.nullable(),
    cordoned_at: moment.nullable().describe('Since when it gets no new runs'),
    connected: z.boolean(),
  })
  .meta({ id: 'Executor' });

const ofExecutor = inTenant.extend({ executor: idText('executor') });

/** The hosts of a tenant's own, and where its runs go. The platform's are the operator's. */
export const EXECUTOR_ROUTES = {
  listExecutors: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/executors',
    access: 'admin',
    tag: TAG,
    summary: "The tenant's own pools and executors, and where its runs go",
    params: inTenant,
    answer: z.object({
      placement,
      own_hosts_only: z.boolean(),
      pools: z.array(pool),
      executors: z.array(executor),
    }),
  }),
  createPool: defineRoute({
    method: 'POST',
    path: '/tenants/:tenant/pools',
    access: 'admin',
    tag: TAG,
    summary: 'Make a pool for hosts of the tenant',
    params: inTenant,
    body: z.object({ name: nameText }),
    answer: z.object({ pool: idText('pool'), name: z.string() }),
    status: 201,
    refuses: ['already_exists', 'limit_exceeded'],
  }),
  createJoinToken: defineRoute({
    method: 'POST',
    path: '/tenants/:tenant/pools/:pool/join-tokens',
    access: 'admin',
    tag: TAG,
    summary: 'Make a token with which one executor joins a pool, once, within an hour',
    description: 'It is shown once and kept nowhere.',
    params: inTenant.extend({ pool: idText('pool') }),
    answer: z.object({ join_token: z.string(), expires_at: moment }),
    status: 201,
    refuses: ['not_found'],
  }),
  changeExecutor: defineRoute({
    method: 'PATCH',
    path: '/tenants/:tenant/executors/:executor',
    access: 'admin',
    tag: TAG,
    summary: 'Give an executor no new runs, or let it have them again',
    params: ofExecutor,
    body: z.object({ cordoned: z.boolean() }),
    answer: z.object({
      executor: idText('executor'),
      cordoned: z.boolean(),
      held: z.number().int().describe('Runs that it still has'),
    }),
    refuses: ['not_found'],
  }),
  revokeExecutor: defineRoute({
    method: 'DELETE',
    path: '/tenants/:tenant/executors/:executor',
    access: 'admin',
    tag: TAG,
    summary: 'Cut an executor off',
    description: 'Its key is dead, its connection is closed, and what it runs is given to others.',
    params: ofExecutor,
    answer: null,
    refuses: ['not_found'],
  }),
  placeTenant: defineRoute({
    method: 'PATCH',
    path: '/tenants/:tenant/placement',
    access: 'admin',
    tag: TAG,
    summary: 'Say where the runs of the tenant go',
    description:
      'The pool and labels hold for every run: projects and runs may add to them and override nothing. With `own_hosts_only` nothing of the tenant goes to an executor of the platform.',
    params: inTenant,
    body: z.object({ placement: placement.optional(), own_hosts_only: z.boolean().optional() }),
    answer: null,
    refuses: ['not_found', 'runs_unfinished'],
  }),
  placeProject: defineRoute({
    method: 'PUT',
    path: '/tenants/:tenant/projects/:project/placement',
    access: 'admin',
    tag: TAG,
    summary: 'Say where the runs of a project go',
    params: inTenant.extend({ project: idText('project') }),
    body: placement,
    answer: null,
    refuses: ['not_found'],
  }),
} as const;
