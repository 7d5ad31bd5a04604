import type { Context } from 'hono';
import { z } from 'zod';
import type { TenantAct } from '../../../../protocol/tenant-call.ts';
import type { AppEnv } from '../../../http/app-env.ts';
import { Refusal } from '../../../http/refusal.ts';
import { asAttempt } from '../../../identity/authentication-attempt.ts';
import { unauthenticated } from '../../../runs/routes/unauthenticated.ts';
import type { SealKey } from '../../../seal/seal.ts';
import { addressGateOf } from '../../address-gate.ts';
import { readExportCursor, writeExportCursor } from '../../export/cursor.ts';
import { exportPart } from '../../export/export-tenant.ts';
import { NEXT_PART } from '../../export/next-part.ts';
import { systemPrincipal } from '../../system-principal.ts';
import { attendTenant } from '../attend.ts';
import { provesTenantCall } from '../tenant-proof.ts';

/** `POST /operator/tenants/:tenant/attend`: the operator changed something in the database, and the Worker heeds it now. */
export function attendToTenant(context: Context<AppEnv>): Promise<Response> {
  return asOperator(context, 'attend', async (tenant) =>
    context.json(await attendTenant(context.var.platform, tenant)),
  );
}

/** `GET /operator/tenants/:tenant/export`: a part of the tenant's archive, by the chain of those before it. */
export function exportForOperator(context: Context<AppEnv>): Promise<Response> {
  return asOperator(context, 'export', async (tenant) => {
    const { platform } = context.var;
    const { from, chain } = await readQuery(platform.sealKey, tenant, context.req.query());
    const { body, next } = await exportPart(platform, systemPrincipal(tenant), from, chain);
    return new Response(body, {
      headers: {
        'content-type': 'application/x-tar',
        'cache-control': 'no-store',
        ...(next === null ? {} : { [NEXT_PART]: await writeExportCursor(platform.sealKey, tenant, next) }),
      },
    });
  });
}

const querySchema = z.object({
  from: z.string().max(20_000).optional(),
  parts: z.coerce.number().int().min(0).default(0),
  previous: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  files: z.coerce.number().int().min(0).default(0),
  bytes: z.coerce.number().int().min(0).default(0),
  missing: z.coerce.number().int().min(0).default(0),
});

async function readQuery(key: SealKey, tenant: string, asked: Record<string, string>) {
  const parsed = querySchema.safeParse(asked);
  const from = parsed.data?.from === undefined ? null : await readExportCursor(key, tenant, parsed.data.from);
  if (!parsed.success || (from === null && parsed.data.from !== undefined))
    throw new Refusal('invalid_arguments', 'That is no place in an export, or one of a month ago.', {
      hint: 'Remove the draft (.part and .part.next) and export anew.',
    });
  const { parts, previous, files, bytes, missing } = parsed.data;
  return { from, chain: { parts, previous: previous ?? null, files, bytes, missing } };
}

async function asOperator(
  context: Context<AppEnv>,
  act: TenantAct,
  work: (tenant: string) => Promise<Response>,
): Promise<Response> {
  const { call, platform } = context.var;
  const tenant = context.req.param('tenant') ?? '';
  return asAttempt(addressGateOf(context.env, call.address), async (succeeded) => {
    const header = context.req.header('authorization') ?? null;
    const asked = { tenant, act, nowMs: Date.now() };
    if (!(await provesTenantCall(platform.database.ticketKey, header, asked)))
      return unauthenticated(
        context,
        'Causeway-Operator',
        'The call is not one that the database signed just now.',
      );
    succeeded();
    return work(tenant);
  });
}
