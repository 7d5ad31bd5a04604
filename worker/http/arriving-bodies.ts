import { Refusal } from './refusal.ts';

/** A body that is not there by then is given up; its sender would have memory held for as long as they like. */
export const ARRIVES_MS = 60_000;
/** What may arrive for one tenant at once. An isolate has 128 MB, and a byte that waits for the rest takes two and a half. */
export const ARRIVING_BYTES_MAX = 16 * 1024 * 1024;

interface Arriving {
  readonly bytes: number;
  untilMs: number;
}

/**
 * What arrives for each tenant in this isolate and is held until it is whole. However slowly a tenant's members send, their
 * bodies take a bounded part of the memory that all tenants share, and more of them are refused unread.
 */
export class ArrivingBodies {
  private readonly byTenant = new Map<string, Set<Arriving>>();

  /**
   * Reads a body of which `bytes` bytes are held. Throws `busy` where too much arrives for its tenant already. What passes in
   * pieces says of each that it `goesOn`.
   */
  async read<Body>(
    tenant: string,
    bytes: number,
    read: (goesOn: () => void) => Promise<Body>,
    nowMs: number = Date.now(),
  ): Promise<Body> {
    const others = this.arriving(tenant, nowMs);
    const heldBytes = [...others].reduce((sum, other) => sum + other.bytes, 0);
    if (heldBytes + bytes > ARRIVING_BYTES_MAX) throw tooMuch();
    const own: Arriving = { bytes, untilMs: nowMs + ARRIVES_MS };
    this.byTenant.set(tenant, others.add(own));
    try {
      return await read(() => {
        own.untilMs = Date.now() + ARRIVES_MS;
      });
    } finally {
      others.delete(own);
      if (others.size === 0 && this.byTenant.get(tenant) === others) this.byTenant.delete(tenant);
    }
  }

  /** The runtime ends a request whose client has gone without running its `finally`, so what it held expires. */
  private arriving(tenant: string, nowMs: number): Set<Arriving> {
    const known = this.byTenant.get(tenant) ?? new Set();
    for (const each of known) if (each.untilMs <= nowMs) known.delete(each);
    return known;
  }
}

/** Of this isolate. */
export const arrivingBodies = new ArrivingBodies();

/** What `reading` a body comes to, where that is in time; else the body is given up by `giveUp`, and refused. */
export async function inTime<Body>(reading: Promise<Body>, giveUp: () => Promise<void>): Promise<Body> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(tooSlow());
    for (const left of [reading, giveUp()]) left.catch(() => {});
  }, ARRIVES_MS);
  try {
    return await Promise.race([reading, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function tooMuch(): Refusal {
  return new Refusal('busy', 'Too much arrives for this team at this moment.', {
    hint: 'Try again in some seconds.',
    retryAfterSeconds: 2,
  });
}

function tooSlow(): Refusal {
  return new Refusal('invalid_arguments', `The body was not there within ${ARRIVES_MS / 1000} s.`, {
    hint: 'Send less at once, or from where the connection is faster.',
  });
}
