import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { address, idText, inTenant, moment, pageQuery, uncountedPage, userAgent } from '../schemas.ts';

const TAG = 'The audit log';

const outcome = z.enum(['ok', 'refused', 'error']);

const auditEvent = z
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

const entry = z.number().int();

const auditSink = z
  .object({
    sink: idText('sink'),
    kind: z
      .enum(['webhook', 's3', 'cloudwatch', 'blobs'])
      .describe('blobs: the copy in the blob store of the deployment'),
    url: z.string(),
    region: z.string().optional(),
    access_key_id: z.string().optional(),
    log_group: z.string().optional(),
    log_stream: z.string().optional(),
    created_at: moment,
    next_entry: entry.describe('The first that was not taken yet'),
    waiting: z.number().int(),
    failures: z.number().int().describe('In a row'),
    last_failure: z.string().nullable().describe('In a word or two; docs/audit.md says what each means'),
    next_attempt_at: moment.nullable().describe('When it is tried again, where it fails'),
    dead_letters: z
      .array(
        z.object({
          from: entry,
          until: entry.describe('Not included'),
          reason: z.string(),
          at: moment,
          is_asked_again: z.boolean(),
        }),
      )
      .describe('Given up after a day and not sent again since; the newest 100'),
  })
  .meta({ id: 'AuditSink' });

/** A sink as it is asked for; its kind says which fields it needs. */
export const newSink = z.object({
  kind: z.enum(['webhook', 's3', 'cloudwatch']).default('webhook'),
  url: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'https, a public name; of S3 that of the bucket or a folder in it, with a slash at its end; of CloudWatch that of its region where it is left out',
    ),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .optional(),
  access_key_id: z
    .string()
    .regex(/^\w{3,128}$/)
    .optional()
    .describe('May `s3:PutObject`, or `logs:PutLogEvents` and `logs:CreateLogStream`, and nothing else'),
  secret_access_key: z
    .string()
    .regex(/^[!-~]{8,200}$/)
    .optional(),
  log_group: z
    .string()
    .regex(/^[\w\-/.#]{1,512}$/)
    .optional(),
  log_stream: z
    .string()
    .regex(/^[^:*\p{C}]{1,256}$/u)
    .optional(),
});

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
  listAuditSinks: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/audit/sinks',
    access: 'admin',
    tag: TAG,
    summary: 'Where the log is sent, and what was not taken',
    params: inTenant,
    answer: z.object({ sinks: z.array(auditSink) }),
  }),
  addAuditSink: defineRoute({
    method: 'POST',
    path: '/tenants/:tenant/audit/sinks',
    access: 'owner',
    tag: TAG,
    summary: 'Send the log to a webhook, an S3 bucket or CloudWatch too',
    description:
      'From the first entry on, in order, each until it is taken. A webhook is signed as Standard Webhooks says, and its secret is shown once; a bucket gets files of JSON lines; a log stream is made where it is missing. Access keys are stored sealed and shown to nobody.',
    params: inTenant,
    body: newSink,
    answer: z.object({
      sink: idText('sink'),
      secret: z.string().nullable().describe('What signs what a webhook gets; null for other kinds'),
    }),
    status: 201,
    refuses: ['limit_exceeded'],
  }),
  resendAudit: defineRoute({
    method: 'POST',
    path: '/tenants/:tenant/audit/sinks/:sink/resend',
    access: 'owner',
    tag: TAG,
    summary: 'Send a sink once more what it did not take',
    description:
      'Within two minutes. Dead letters once: what is not taken this time is one as before. Without `from`, what waits behind a failure is sent then as well.',
    params: inTenant.extend({ sink: idText('sink') }),
    body: z.object({
      from: entry.min(0).optional().describe('One dead letter, by its first entry; else all'),
    }),
    answer: z.object({
      dead_letters: z.number().int(),
      hastened: z.boolean().describe('It failed, and is tried again now'),
    }),
    refuses: ['not_found'],
  }),
  endAuditSink: defineRoute({
    method: 'DELETE',
    path: '/tenants/:tenant/audit/sinks/:sink',
    access: 'owner',
    tag: TAG,
    summary: 'Send a sink nothing more',
    params: inTenant.extend({ sink: idText('sink') }),
    answer: null,
    refuses: ['not_found'],
  }),
} as const;
