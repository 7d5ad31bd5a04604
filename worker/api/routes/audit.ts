import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { address, idText, inTenant, moment, pageQuery, uncountedPage, userAgent } from '../schemas.ts';

const TAG = 'The audit log';

const outcome = z.enum(['ok', 'refused', 'error']);

export const auditEvent = z
  .object({
    event: z.string(),
    occurred_at: moment,
    user: idText('user').nullable(),
    user_name: z.string().nullable(),
    credential_kind: z.string(),
    credential: z.string().nullable().describe('Id of a token, grant or session'),
    credential_name: z.string().nullable(),
    client: z.string().nullable().describe('The OAuth client'),
    action: z.string(),
    target_kind: z.string(),
    target: z.string().nullable(),
    outcome,
    request: z.string().nullable().describe('The same for all that one call did'),
    trace: z.string().nullable(),
    address,
    user_agent: userAgent,
    input_sha256: z.string().nullable().describe('Of the input as canonical JSON'),
    input_bytes: z.number().int().nullable(),
    details: z.record(z.string(), z.unknown()),
    entry: z.number().int().nullable().describe('Its place in an export; null until it is sealed'),
  })
  .meta({ id: 'AuditEvent' });

const text = z.string().min(1).max(300).optional();

export const AUDIT_ROUTES = {
  searchAudit: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/audit',
    access: 'admin',
    tag: TAG,
    summary: 'Search the audit log',
    description:
      'Newest first. With `credential` or `client`, and `order=oldest`, it is the story of one agent, call by call. Your reading is recorded too.',
    params: inTenant,
    query: pageQuery.extend({
      user: idText('user').optional(),
      credential: text.describe('Id of a token, grant or session'),
      client: text.describe('Id of an OAuth client'),
      action: z
        .string()
        .regex(/^[a-z_]+(\.[a-z_]+)*\.?$/)
        .max(60)
        .optional()
        .describe('An action, or its beginning with the point: `token.`'),
      target: text,
      outcome: outcome.optional(),
      request: text,
      trace: z
        .string()
        .regex(/^[0-9a-f]{32}$/)
        .optional(),
      from: moment.optional(),
      until: moment.optional(),
      order: z.enum(['newest', 'oldest']).default('newest'),
    }),
    answer: z.object({ events: z.array(auditEvent), ...uncountedPage }),
  }),
} as const;
