import { z } from 'zod';
import { RETAINED, type Retained } from '../../database/retention.ts';
import { RETAIN_DAYS_MAX, retainDaysMin } from '../../tenants/retention/parse-wish.ts';
import { RETAINED_WORDS } from '../../tenants/retention/retention-words.ts';
import { defineRoute } from '../route.ts';
import { inTenant } from '../schemas.ts';

const TAG = 'Retention';

const daysOf = (kind: Retained) => z.number().int().min(retainDaysMin(kind)).max(RETAIN_DAYS_MAX);

function meaningOf(kind: Retained): string {
  const { what, details } = RETAINED_WORDS[kind];
  return `${what}: ${details}`;
}

/** An object with a field for each kind. */
function eachKind<Field extends z.ZodType>(fieldOf: (kind: Retained) => Field) {
  return z.object(
    Object.fromEntries(RETAINED.map((kind) => [kind, fieldOf(kind).describe(meaningOf(kind))])) as Record<
      Retained,
      Field
    >,
  );
}

const retention = eachKind((kind) =>
  z.object({
    days: daysOf(kind).nullable().describe('null: for ever'),
    is_own: z.boolean().describe('Said by the team or for it; else it is the default of the platform'),
  }),
);

export const RETENTION_ROUTES = {
  getRetention: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/retention',
    access: 'admin',
    tag: TAG,
    summary: 'For how long the team keeps what',
    params: inTenant,
    answer: retention,
  }),
  setRetention: defineRoute({
    method: 'PATCH',
    path: '/tenants/:tenant/retention',
    access: 'owner',
    tag: TAG,
    summary: 'Say for how long the team keeps what',
    description:
      'What is left out stays as it is. What is over its time goes within a day, and bytes that nothing names any more within another; the audit log says how much went.',
    params: inTenant,
    body: eachKind((kind) =>
      z
        .union([daysOf(kind), z.literal('default')])
        .nullable()
        .optional(),
    ),
    answer: retention,
  }),
} as const;
