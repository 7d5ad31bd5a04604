import { Refusal } from './refusal.ts';

/** A body that is not there by then is given up; its sender would have memory held for as long as they like. */
export const ARRIVES_MS = 60_000;
/** An isolate has 128 MB, and a byte that waits for the rest takes two and a half. */
const OF_TENANT_BYTES_MAX = 16 * 1024 * 1024;
/** Strangers have more addresses than a team has agents, and send forms only: these are at least 64 at once. */
const OF_ADDRESS_BYTES_MAX = 4 * 1024 * 1024;

interface Arriving {
  readonly bytes: number;
  untilMs: number;
}

/**
 * What arrives of each sender (a tenant or an address) and is held until it is whole. However slowly they send, their bodies
 * take a bounded part of the memory that all share, and more of them are refused unread.
 */
export class ArrivingBodies {
  /** What may arrive of one sender at once. */
  private readonly bytesMax: number;
  private readonly bySender = new Map<string, Set<Arriving>>();
  private sweptMs = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Of how many senders something is known. */
  get senders(): number {
    return this.bySender.size;
  }

  /**
   * Reads a body of which `bytes` bytes are held. Throws `busy` where too much of its sender arrives already. What
   * passes in pieces says of each that it `goesOn`.
   */
  async read<Body>(
    sender: string,
    bytes: number,
    read: (goesOn: () => void) => Promise<Body>,
    nowMs: number = Date.now(),
  ): Promise<Body> {
    this.sweep(nowMs);
    const others = this.bySender.get(sender) ?? new Set();
    dropExpired(others, nowMs);
    const heldBytes = [...others].reduce((sum, other) => sum + other.bytes, 0);
    if (heldBytes + bytes > this.bytesMax) throw tooMuch();
    const own: Arriving = { bytes, untilMs: nowMs + ARRIVES_MS };
    this.bySender.set(sender, others.add(own));
    try {
      return await read(() => {
        own.untilMs = Date.now() + ARRIVES_MS;
      });
    } finally {
      others.delete(own);
      if (others.size === 0 && this.bySender.get(sender) === others) this.bySender.delete(sender);
    }
  }

  /** Of senders that never come again too: there are more addresses than an isolate could remember. */
  private sweep(nowMs: number): void {
    if (nowMs - this.sweptMs < ARRIVES_MS) return;
    this.sweptMs = nowMs;
    for (const [sender, bodies] of this.bySender) {
      dropExpired(bodies, nowMs);
      if (bodies.size === 0) this.bySender.delete(sender);
    }
  }
}

/** The runtime ends a request whose client has gone without running its `finally`, so what it held expires. */
function dropExpired(bodies: Set<Arriving>, nowMs: number): void {
  for (const each of bodies) if (each.untilMs <= nowMs) bodies.delete(each);
}

/** In this isolate. */
export const arrivingOfTenants = new ArrivingBodies(OF_TENANT_BYTES_MAX);
export const arrivingOfAddresses = new ArrivingBodies(OF_ADDRESS_BYTES_MAX);

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
  return new Refusal('busy', 'Too much arrives of this team or address at this moment.', {
    hint: 'Try again in some seconds.',
    retryAfterSeconds: 2,
  });
}

function tooSlow(): Refusal {
  return new Refusal('invalid_arguments', `The body was not there within ${ARRIVES_MS / 1000} s.`, {
    hint: 'Send less at once, or from where the connection is faster.',
  });
}
