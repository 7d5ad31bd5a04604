import type { MiddlewareHandler } from 'hono';
import { limit } from '../../protocol/limits.ts';
import { addressGateName } from '../tenants/address-name.ts';
import type { AppEnv } from './app-env.ts';
import { arrivingOfAddresses } from './arriving-bodies.ts';

/** What a request takes beside its body while it waits for that. */
const REQUEST_BYTES = 32 * 1024;
const WITH_BODY = ['POST', 'PUT', 'PATCH'];
/** Their bodies are counted for the tenant that they are of, and read once that is known. */
const OF_TENANTS = /^\/(?:mcp|uploads|executor\/blobs)(?:\/|$)/;

/**
 * Refuses an address of which too many bodies arrive already: forms and JSON of strangers, who may send as slowly as they
 * like. Where no edge vouches for addresses nobody is refused by one, because all callers would share it.
 */
export function limitArriving(): MiddlewareHandler<AppEnv> {
  return async function refuseSlowFlood(context, next) {
    const { address } = context.get('call');
    const { method, path } = context.req;
    if (address === null || !WITH_BODY.includes(method) || OF_TENANTS.test(path)) return next();
    const most = limit('form_bytes');
    const bytes = Math.min(Number(context.req.header('content-length') ?? most), most);
    return arrivingOfAddresses.read(addressGateName(address), REQUEST_BYTES + bytes, next);
  };
}
