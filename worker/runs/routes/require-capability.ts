import type { Context } from 'hono';
import type { AppEnv } from '../../http/app-env.ts';
import { bearerOf } from '../../http/authenticate.ts';
import { Refusal } from '../../http/refusal.ts';
import { type CapabilityKind, type Opened, open } from '../capability.ts';
import { unauthenticated } from './unauthenticated.ts';

const REASONS = {
  absent: 'This address needs a capability and the request shows none.',
  forged: 'The capability is not valid for this.',
  expired: 'The capability has expired.',
} as const;

type Claim<Kind extends CapabilityKind> = Extract<Opened<Kind>, { ok: true }>['claim'];

/** The claim of the capability in the `Authorization: Bearer` header, or the 401 to answer with. */
export async function requireCapability<Kind extends CapabilityKind>(
  context: Context<AppEnv>,
  kind: Kind,
): Promise<Claim<Kind> | Response> {
  const opened = await open(context.var.platform.sealKey, kind, bearerOf(context.req.raw));
  if (!opened.ok) return unauthenticated(context, 'Bearer', REASONS[opened.reason]);
  context.set('isKnown', true);
  return opened.claim;
}

/** Its run ended, went to another executor, or its executor was revoked. */
export function attemptIsOver(): Refusal {
  return new Refusal('not_found', 'The attempt that this capability is for is over.');
}
