import type { Context } from 'hono';
import type { AppEnv } from '../http/app-env.ts';
import { retryFields } from '../http/rate-limit-fields.ts';
import { addressGateOf } from '../tenants/address-gate.ts';
import { oauthErrorResponse, refuse } from './refusal.ts';

/**
 * Takes one of the registrations that an address has a minute, of clients and devices alike. Null, or the refusal, which says
 * when to come back.
 */
export async function takeRegistration(context: Context<AppEnv>): Promise<Response | null> {
  const { address } = context.get('call');
  const retryAfterSeconds = await addressGateOf(context.env, address).startRegistration();
  if (retryAfterSeconds === null) return null;
  return oauthErrorResponse(
    refuse('too_many_registrations'),
    retryFields('client_registrations_per_minute', retryAfterSeconds),
  );
}
