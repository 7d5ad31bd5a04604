import { z } from 'zod';
import { nameText, referenceText } from '../../input/text-schemas.ts';
import { ALL_SCOPES, type Scope } from '../../tenants/scopes.ts';
import { readMoment } from '../../tokens/read-moment.ts';
import { defineRoute } from '../route.ts';
import {
  address,
  idText,
  inTenant,
  moment,
  page,
  pageQuery,
  role,
  scopes,
  uncountedPage,
  userAgent,
} from '../schemas.ts';

const TAG = 'API tokens';
const DAY_SECONDS = 86_400;
const LIFETIME_DEFAULT_SECONDS = 90 * DAY_SECONDS;
const LIFETIME_SECONDS_MAX = 3650 * DAY_SECONDS;
const OVERLAP_DEFAULT_SECONDS = DAY_SECONDS;
const OVERLAP_SECONDS_MAX = 30 * DAY_SECONDS;

const momentAsked = moment.refine((text) => readMoment(text) !== null, 'is of no year from 1 to 9999');
const traceId = z.string().regex(/^[0-9a-f]{32}$/);
const networks = z.array(z.string().min(1).max(50)).max(50);
const secret = z
  .string()
  .nullable()
  .describe('The token itself. It is shown this once: null where the call repeats an earlier one');
const replayed = z.boolean().describe('true: an earlier call with this Idempotency-Key made it');

export const apiToken = z
  .object({
    token: idText('token'),
    name: z.string(),
    user: idText('user').describe('Whose it is'),
    user_name: z.string(),
    scopes,
    role_ceiling: role.nullable().describe('The most that it may do; null: what its person may'),
    networks: networks.nullable().describe('From which alone it may be used; null: from everywhere'),
    projects: z
      .array(z.object({ id: idText('project'), name: z.string().nullable() }))
      .nullable()
      .describe('The only ones that it reaches; null: all that its person does'),
    created_at: moment,
    expires_at: moment.nullable(),
    revoked_at: moment.nullable(),
    last_used_at: moment.nullable(),
    rotated_to: idText('token').nullable(),
    is_alive: z.boolean(),
  })
  .meta({ id: 'ApiToken' });

const oneToken = inTenant.extend({ token: idText('token') });

/** API tokens: everybody's to see and to revoke, one's own to make and to rotate. */
export const TOKEN_ROUTES = {
  listTokens: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/tokens',
    access: 'admin',
    tag: TAG,
    summary: 'Tokens of all members, newest first; never the token itself',
    params: inTenant,
    query: pageQuery.extend({
      user: idText('user').optional(),
      ended: z.enum(['true', 'false']).default('false').describe('Also those that are revoked or expired'),
    }),
    answer: z.object({ tokens: z.array(apiToken), ...page }),
  }),
  getToken: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/tokens/:token',
    access: 'admin',
    tag: TAG,
    summary: 'One of them',
    params: oneToken,
    answer: apiToken,
    refuses: ['not_found'],
  }),
  createToken: defineRoute({
    method: 'POST',
    path: '/tenants/:tenant/tokens',
    access: 'admin',
    tag: TAG,
    summary: 'Make a token of your own',
    description: 'It may do no more than you may, and ends with your membership.',
    params: inTenant,
    body: z.object({
      name: nameText,
      scopes: z
        .array(z.enum(ALL_SCOPES as [Scope, ...Scope[]]))
        .min(1)
        .max(ALL_SCOPES.length),
      role: role.describe('The most that it may do'),
      lifetime_seconds: z
        .number()
        .int()
        .min(60)
        .max(LIFETIME_SECONDS_MAX)
        .default(LIFETIME_DEFAULT_SECONDS)
        .describe('At most what the tenant allows'),
      networks: networks.default([]).describe('In CIDR form, or single addresses; none: from everywhere'),
      projects: z.array(referenceText).max(100).default([]).describe('By id or name; none: all that you see'),
    }),
    answer: z.object({
      token: idText('token'),
      secret,
      expires_at: moment.nullable(),
      replayed,
    }),
    status: 201,
    isRepeatable: true,
    refuses: ['limit_exceeded', 'idempotency_conflict'],
  }),
  rotateToken: defineRoute({
    method: 'POST',
    path: '/tenants/:tenant/tokens/:token/rotate',
    access: 'admin',
    tag: TAG,
    summary: 'Give a token of your own a successor',
    description: 'The successor may do the same; the old one ends after the overlap.',
    params: oneToken,
    body: z.object({
      overlap_seconds: z.number().int().min(0).max(OVERLAP_SECONDS_MAX).default(OVERLAP_DEFAULT_SECONDS),
    }),
    answer: z.object({
      token: idText('token').describe('The successor'),
      name: z.string(),
      secret,
      expires_at: moment.nullable(),
      old_until: moment,
      replayed,
    }),
    status: 201,
    isRepeatable: true,
    refuses: ['not_found', 'already_exists', 'idempotency_conflict'],
  }),
  revokeToken: defineRoute({
    method: 'DELETE',
    path: '/tenants/:tenant/tokens/:token',
    access: 'admin',
    tag: TAG,
    summary: "Revoke a token, anybody's",
    description: 'It is refused from the next request on.',
    params: oneToken,
    answer: null,
    refuses: ['not_found'],
  }),
  listRequests: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/requests',
    access: 'admin',
    tag: 'Request log',
    summary: 'What tokens and agents asked in the last 90 days, newest first',
    params: inTenant,
    query: pageQuery.extend({
      user: idText('user').optional(),
      credential: z.string().min(1).max(100).optional().describe('Of a token or of a grant, by its id'),
      trace: traceId.optional().describe('The trace that the client said it is part of'),
      refused: z.enum(['true', 'false']).default('false').describe('Only what was not answered as asked'),
      from: momentAsked.optional().describe('RFC 3339; the first moment that counts'),
      until: momentAsked.optional().describe('RFC 3339; the first that does not'),
    }),
    answer: z.object({
      requests: z.array(
        z.object({
          request: z.string(),
          at: moment,
          credential_kind: z.enum(['api_token', 'oauth']).nullable(),
          credential: z.string().nullable(),
          credential_name: z.string().nullable(),
          user: idText('user').nullable(),
          name: z.string().nullable(),
          method: z.string().nullable(),
          target: z.string().nullable().describe('The tool, else the route'),
          address,
          user_agent: userAgent,
          latency_ms: z.number().int().nullable(),
          answer_bytes: z
            .number()
            .int()
            .nullable()
            .describe(
              'What a tool, resource or prompt answered: its JSON, or its texts and data; null where it was refused',
            ),
          outcome: z.enum(['ok', 'refused', 'failed', 'dropped']),
          reason: z.string().nullable(),
          dropped: z.number().int().nullable().describe('For how many entries this one stands'),
          trace: traceId.nullable().describe('W3C Trace Context, as the client gave it in `_meta`'),
        }),
      ),
      ...uncountedPage,
    }),
  }),
} as const;
