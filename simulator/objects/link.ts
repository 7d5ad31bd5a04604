import { EventEmitter } from 'node:events';
import type { Climate } from '../weather.ts';
import type { Actor, World } from '../world.ts';
import type { ObjectHost } from './object-host.ts';

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
/** RFC 6455, section 7.4.1: the connection broke without a word. */
const ABNORMAL = 1006;
/** When a machine gives up a peer that says nothing at all. */
const TCP_GIVES_UP_MS = 60_000;

/**
 * - `break`: both ends see it at once, and what was on its way is lost.
 * - `linger`: the client sees it at once; what it had sent still arrives, late, maybe after its next connection.
 * - `silence`: nothing arrives any more, and nobody is told.
 */
export type Cut = 'break' | 'linger' | 'silence';

/** The server's end of a socket. It outlives the object's memory, unlike the {@link ServerSocket} that shows it. */
export class LinkEnd {
  tags: readonly string[] = [];
  attachment: unknown = null;
  readyState = OPEN;
  link: Link | null = null;
}

/** A socket as an object sees it. */
export class ServerSocket {
  readonly end: LinkEnd;

  constructor(end: LinkEnd) {
    this.end = end;
  }

  get readyState(): number {
    return this.end.readyState;
  }

  serializeAttachment(attachment: unknown): void {
    this.end.attachment = structuredClone(attachment);
  }

  deserializeAttachment(): unknown {
    return structuredClone(this.end.attachment);
  }

  send(text: string): void {
    if (this.end.readyState !== OPEN) throw new Error('the socket is closed');
    const { link } = this.end;
    link?.host.emit(() => link.sendDown(text));
  }

  close(code: number, reason = ''): void {
    const { end } = this;
    if (end.readyState !== OPEN) {
      end.readyState = CLOSED;
      return;
    }
    end.readyState = CLOSING;
    const { link } = end;
    link?.host.emit(() => link.closeDown(code, reason));
  }
}

/** What `new WebSocketPair()` gives in workerd: the client's end goes out in a response. */
export class WebSocketPair {
  readonly 1 = new ServerSocket(new LinkEnd());
  readonly 0 = this[1].end;
}

/** The client's end, as `ws` shows it to an executor. */
export class ClientSocket extends EventEmitter {
  readonly CLOSED = CLOSED;
  readyState = CONNECTING;
  link: Link | null = null;

  send(text: string): void {
    this.link?.sendUp(text);
  }

  ping(): void {
    this.link?.ping();
  }

  close(code: number): void {
    if (this.readyState !== OPEN) return;
    this.readyState = CLOSING;
    this.link?.closeUp(code);
  }

  /** Ends it without a word, as a dying process does. */
  terminate(): void {
    this.link?.cut('break');
    if (this.link !== null || this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.emit('close', ABNORMAL, Buffer.alloc(0));
  }
}

/** One direction: what is sent first arrives first. */
class Pipe {
  private readonly world: World;
  private lastAt = 0;
  isOpen = true;
  /** What a lingering connection adds. */
  delayMs = 0;

  /** Lets nothing through for a while, and loses nothing. */
  stall(forMs: number): void {
    this.lastAt = Math.max(this.lastAt, this.world.now + forMs);
  }

  constructor(world: World) {
    this.world = world;
  }

  push(latencyMs: number, actor: Actor, arrive: () => void): void {
    this.lastAt = Math.max(this.lastAt, this.world.now + latencyMs);
    const isSentOpen = this.isOpen;
    const arriveLate = (): void => {
      if (isSentOpen && this.isOpen) arrive();
    };
    this.world.at(this.lastAt - this.world.now, actor, () =>
      this.delayMs === 0 ? arriveLate() : void this.world.at(this.delayMs, actor, arriveLate),
    );
  }
}

/** A socket between an executor and an object. */
export class Link {
  readonly host: ObjectHost;
  private readonly world: World;
  private readonly climate: Climate;
  private readonly client: ClientSocket;
  private readonly owner: Actor;
  private readonly end: LinkEnd;
  private readonly up: Pipe;
  private readonly down: Pipe;

  constructor(host: ObjectHost, owner: Actor, client: ClientSocket, end: LinkEnd) {
    this.host = host;
    this.world = host.world;
    this.climate = host.climate;
    this.owner = owner;
    this.client = client;
    this.end = end;
    this.up = new Pipe(host.world);
    this.down = new Pipe(host.world);
    client.link = this;
    end.link = this;
    this.down.push(this.latency(), owner, () => {
      client.readyState = OPEN;
      client.emit('open');
    });
  }

  sendUp(text: string): void {
    const copies = this.climate.happens('duplicates') ? 2 : 1;
    for (let copy = 0; copy < copies; copy++)
      this.up.push(this.latency(), this.world.machine, () => this.host.receive(this.end, text));
  }

  sendDown(text: string): void {
    const copies = this.climate.happens('duplicates') ? 2 : 1;
    for (let copy = 0; copy < copies; copy++)
      this.down.push(this.latency(), this.owner, () => this.client.emit('message', Buffer.from(text)));
  }

  /** The platform answers pings itself, also for an object that sleeps. */
  ping(): void {
    this.up.push(this.latency(), this.world.machine, () =>
      this.down.push(this.latency(), this.owner, () => this.client.emit('pong')),
    );
  }

  closeUp(code: number): void {
    this.up.push(this.latency(), this.world.machine, () => {
      this.host.disconnect(this.end, code);
      this.down.push(this.latency(), this.owner, () => this.tellClient(code, ''));
    });
  }

  closeDown(code: number, reason: string): void {
    this.down.push(this.latency(), this.owner, () => {
      this.up.push(this.latency(), this.world.machine, () => this.host.disconnect(this.end, code));
      this.tellClient(code, reason);
    });
  }

  /** Holds everything back for a while, as a machine does that stands still. */
  stall(forMs: number): void {
    this.up.stall(forMs);
    this.down.stall(forMs);
  }

  cut(how: Cut): void {
    this.down.isOpen = false;
    if (how === 'silence') {
      this.up.isOpen = false;
      this.world.at(TCP_GIVES_UP_MS, this.world.machine, () => this.host.disconnect(this.end, ABNORMAL));
      return;
    }
    if (how === 'break') this.up.isOpen = false;
    else this.up.delayMs = 500 * this.latency();
    const noticed = this.up.delayMs + 2 * this.latency();
    this.world.at(noticed, this.world.machine, () => {
      this.up.isOpen = false;
      this.host.disconnect(this.end, ABNORMAL);
    });
    this.world.at(this.latency(), this.owner, () => this.tellClient(ABNORMAL, ''));
  }

  private tellClient(code: number, reason: string): void {
    if (this.client.readyState === CLOSED) return;
    this.client.readyState = CLOSED;
    this.client.emit('close', code, Buffer.from(reason));
  }

  private latency(): number {
    return this.climate.draw('latencyMs');
  }
}
