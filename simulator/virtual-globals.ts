import type { World } from './world.ts';
import { BEGIN_MS } from './world.ts';

/** A timer as Node hands it out. */
class Timer {
  readonly cancel: () => void;

  constructor(cancel: () => void) {
    this.cancel = cancel;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** What simulated code finds where the platform's clocks, timers and chance are. */
let world: World;
const RealDate = Date;

class VirtualDate extends RealDate {
  constructor(...parts: unknown[]) {
    super(...((parts.length === 0 ? [VirtualDate.now()] : parts) as [number]));
  }

  static override now(): number {
    return Math.floor(world.now + world.current.clockOffsetMs);
  }
}

function setTimer(act: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]): Timer {
  return new Timer(world.at(delayMs, world.current, () => act(...args)));
}

function setRepeating(act: (...args: unknown[]) => void, everyMs: number, ...args: unknown[]): Timer {
  const actor = world.current;
  let cancel = (): void => {};
  const again = (): void => {
    cancel = world.at(everyMs, actor, () => {
      again();
      act(...args);
    });
  };
  again();
  return new Timer(() => cancel());
}

function clear(timer: Timer | null | undefined): void {
  timer?.cancel();
}

/** Ids draw their random bits here; keys are made by Node itself. */
function getRandomValues<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  for (let index = 0; index < bytes.length; index++) bytes[index] = world.random.between(0, 255);
  return bytes;
}

const SUBTLE = ['sign', 'verify', 'digest', 'importKey', 'deriveKey', 'encrypt', 'decrypt'] as const;

/** `cloudflare:workers` has it as a global of its own. */
const scheduler = { wait: (delayMs: number) => world.sleep(delayMs) };

/** A response that can carry a socket, as workerd's can; Node's refuses the status 101. */
class VirtualResponse {
  readonly status: number;
  readonly webSocket: unknown;

  constructor(_body: null, init: { status: number; webSocket?: unknown }) {
    this.status = init.status;
    this.webSocket = init.webSocket ?? null;
  }
}

/** Puts virtual time and chance where this process has its real ones, for good: it simulates and does nothing else. */
export function installGlobals(WebSocketPair: unknown): void {
  const subtle = crypto.subtle as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const name of SUBTLE) {
    const native = subtle[name]?.bind(subtle);
    if (native === undefined) throw new Error(`no crypto.subtle.${name}`);
    subtle[name] = (...args) => world.inOrder(native(...args));
  }
  crypto.getRandomValues = getRandomValues as typeof crypto.getRandomValues;
  Math.random = () => world.random.next();
  console.error = () => {};
  // workerd logs a promise whose failure nobody awaits, and goes on.
  process.on('unhandledRejection', () => {});
  performance.now = () => world.now - BEGIN_MS;
  Object.assign(globalThis, {
    Date: VirtualDate,
    setTimeout: setTimer,
    setInterval: setRepeating,
    clearTimeout: clear,
    clearInterval: clear,
    Response: VirtualResponse,
    WebSocketPair,
    scheduler,
  });
}

/** Which world the globals show from now on. */
export function enterWorld(entered: World): void {
  world = entered;
}
