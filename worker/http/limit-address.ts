import type { MiddlewareHandler } from 'hono';
import { limit } from '../../protocol/limits.ts';
import { addressGateName } from '../tenants/address-name.ts';
import { AddressRates } from '../tenants/address-rates.ts';
import type { AppEnv } from './app-env.ts';
import { rateLimited } from './rate-limited.ts';
import { refusalResponse } from './refusal.ts';

/** Of this isolate. */
const rates = new AddressRates(limit('address_requests_per_minute'));

/**
 * Refuses an address that makes too many requests, before anything is opened, parsed or looked up: by the platform's
 * own limiter where it is bound, and by a bucket in this isolate everywhere. Neither asks another object, so an honest
 * request pays microseconds; both are approximate, which the limits behind them are not. Where no edge vouches for
 * addresses nobody is refused by one, because all callers would share it.
 */
export function limitAddress(): MiddlewareHandler<AppEnv> {
  return async function refuseFlood(context, next) {
    const { address, requestId } = context.get('call');
    if (address === null) return next();
    const name = addressGateName(address);
    const wait = rates.take(name, Date.now());
    const isOverAtEdge =
      wait === null && (await context.env.ADDRESS_LIMITER?.limit({ key: name }))?.success === false;
    if (wait === null && !isOverAtEdge) return next();
    const refusal = rateLimited(
      'address_requests_per_minute',
      'This address makes more requests a minute than it may.',
      {
        retryAfterSeconds: wait ?? EDGE_WAIT_SECONDS,
        hint: 'Wait; an office behind one address can ask the operator for the limit of the edge.',
      },
    );
    return refusalResponse(refusal, requestId);
  };
}

/** The platform's limiter does not say how long; its window is a minute. */
const EDGE_WAIT_SECONDS = 10;
