import type { Climate } from '../weather.ts';
import { Actor, type World } from '../world.ts';
import { type LinkEnd, ServerSocket } from './link.ts';
import { ObjectStorage } from './object-storage.ts';

/** The platform's first pause before it calls an alarm again that failed. */
const ALARM_AGAIN_MS = 2_000;
/** The platform takes the memory of an object to which nothing came for so long. */
const IDLE_MS = 10_000;

/** Sends something out of a process: at once, or when what it wrote before is safe. */
export type Emit = (send: () => void) => void;

/** The memory of an object, from its construction to its eviction or crash. */
interface Life {
  readonly actor: Actor;
  readonly instance: Record<string, (...args: unknown[]) => unknown>;
  readonly sockets: Map<LinkEnd, ServerSocket>;
  /** Calls that wait for an answer, by what to do when there will be none. */
  readonly calls: Set<(error: Error) => void>;
  readonly held: (() => void)[];
  /** Handlers that are not over. */
  running: number;
}

export type Create = (context: unknown, actor: Actor, emit: Emit) => object;

/**
 * One Durable Object as the platform runs it: started when something comes for it, one thing at a time, its writes safe
 * after a while and everything that it sends held back until then, its sockets open while it sleeps, its alarm at least once.
 */
export class ObjectHost {
  readonly world: World;
  readonly climate: Climate;
  readonly name: string;
  /** How far the clock of the machine under it is off. */
  clockOffsetMs = 0;
  private readonly create: Create;
  private readonly ends = new Set<LinkEnd>();
  private readonly store: ObjectStorage;
  private life: Life | null = null;
  private lives = 0;
  private isRinging = false;
  private cameAt = 0;
  private cancelAlarm: () => void = () => {};
  /** Told before each message and alarm reaches the object; of a message also its text, and how its socket is tagged. */
  onArrival: (what: string, tags: readonly string[], text?: string) => void = () => {};
  /** Told when the last socket with these tags is closed. */
  onClosed: (tags: readonly string[], code: number) => void = () => {};

  constructor(world: World, climate: Climate, name: string, create: Create) {
    this.world = world;
    this.climate = climate;
    this.name = name;
    this.create = create;
    this.store = new ObjectStorage(() => this.commitSoon());
  }

  /** The object itself while it is in memory. */
  get instance(): object | null {
    return this.life?.instance ?? null;
  }

  /** Calls a method of the object over the network. */
  call(caller: Actor, method: string, args: readonly unknown[]): Promise<unknown> {
    const answer = this.world.promiseFor<unknown>(caller);
    const sent = structuredClone(args);
    this.world.at(this.latency(), this.world.machine, () => {
      const life = this.wake();
      const fail = (error: Error): void => answer.settle(this.latency(), { error });
      life.calls.add(fail);
      const handler = life.instance[method]?.bind(life.instance);
      this.run(life, () => handler?.(...sent)).then(
        (value) =>
          this.emitOf(life, () => {
            life.calls.delete(fail);
            answer.settle(this.latency(), { value: method === 'fetch' ? value : structuredClone(value) });
          }),
        (error: Error) => {
          life.calls.delete(fail);
          fail(error);
        },
      );
    });
    return answer.promise;
  }

  /** Whether a socket that it accepted is still there. */
  has(end: LinkEnd): boolean {
    return this.ends.has(end);
  }

  receive(end: LinkEnd, text: string): void {
    if (!this.ends.has(end)) return;
    this.onArrival((JSON.parse(text) as { type: string }).type, end.tags, text);
    const life = this.wake();
    this.handle(life, () => life.instance.webSocketMessage?.(this.socketOf(life, end), text));
  }

  disconnect(end: LinkEnd, code: number): void {
    if (!this.ends.delete(end)) return;
    end.readyState = 2;
    const life = this.wake();
    this.handle(life, () => life.instance.webSocketClose?.(this.socketOf(life, end), code));
    const isLast = ![...this.ends].some(({ tags }) => tags.some((tag) => end.tags.includes(tag)));
    if (isLast) this.onClosed(end.tags, code);
  }

  emit: Emit = (send) => {
    if (this.life !== null) this.emitOf(this.life, send);
  };

  /** Takes the memory of an object that waits for nothing; its sockets stay open. False where it is busy. */
  hibernate(): boolean {
    const { life } = this;
    if (life === null) return true;
    if (life.actor.pending > 0 || life.running > 0 || life.calls.size > 0 || this.store.isDirty) return false;
    life.actor.isAlive = false;
    this.life = null;
    return true;
  }

  /** Ends it where it stands: what was not safe is gone, sockets break, callers learn that there will be no answer. */
  crash(): void {
    const { life } = this;
    this.store.rollback();
    this.armAlarm();
    for (const end of this.ends) end.link?.cut('break');
    this.ends.clear();
    if (life === null) return;
    life.actor.isAlive = false;
    this.life = null;
    for (const fail of life.calls) fail(new Error('the object was reset'));
    if (this.isRinging) this.ringAgain(ALARM_AGAIN_MS);
  }

  /** Sets the clock of the machine under it; alarms stay with true time. */
  setClock(offsetMs: number): void {
    this.clockOffsetMs = offsetMs;
    if (this.life !== null) this.life.actor.clockOffsetMs = offsetMs;
  }

  private wake(): Life {
    const { life } = this;
    this.cameAt = this.world.now;
    this.world.at(IDLE_MS, this.world.machine, () => {
      if (this.world.now - this.cameAt >= IDLE_MS) this.hibernate();
    });
    if (life !== null) {
      this.world.become(life.actor);
      return life;
    }
    const actor = new Actor(`${this.name} life ${++this.lives}`);
    actor.clockOffsetMs = this.clockOffsetMs;
    this.world.become(actor);
    const sockets = new Map<LinkEnd, ServerSocket>();
    const begun = { actor, sockets, calls: new Set<(error: Error) => void>(), held: [], running: 0 };
    const born = begun as unknown as { -readonly [Key in keyof Life]: Life[Key] };
    this.life = born;
    born.instance = this.create(this.contextOf(born), actor, (send) =>
      this.emitOf(born, send),
    ) as Life['instance'];
    return born;
  }

  /** What `DurableObjectState` is to an object, as far as objects of ours use it. */
  private contextOf(life: Life) {
    return {
      storage: this.store.storage,
      waitUntil: (work: Promise<unknown>) => void this.run(life, () => work).catch(() => {}),
      acceptWebSocket: (socket: ServerSocket, tags: readonly string[] = []) => {
        socket.end.tags = tags;
        life.sockets.set(socket.end, socket);
        this.ends.add(socket.end);
      },
      getWebSockets: (tag?: string) =>
        [...this.ends]
          .filter(({ tags }) => tag === undefined || tags.includes(tag))
          .map((end) => this.socketOf(life, end)),
    };
  }

  private socketOf(life: Life, end: LinkEnd): ServerSocket {
    const known = life.sockets.get(end) ?? new ServerSocket(end);
    life.sockets.set(end, known);
    return known;
  }

  private handle(life: Life, work: () => unknown): void {
    this.run(life, work).catch(() => {});
  }

  private async run(life: Life, work: () => unknown): Promise<unknown> {
    life.running++;
    try {
      return await work();
    } finally {
      life.running--;
    }
  }

  private emitOf(life: Life, send: () => void): void {
    if (!life.actor.isAlive) return;
    if (this.store.isDirty) life.held.push(send);
    else send();
  }

  private commitSoon(): void {
    this.world.at(this.climate.draw('diskMs'), this.world.machine, () => {
      this.store.commit();
      this.armAlarm();
      for (const send of this.life?.held.splice(0) ?? []) send();
    });
  }

  private armAlarm(): void {
    this.cancelAlarm();
    const { alarmAt } = this.store;
    if (alarmAt === null) return;
    const dueMs = Math.max(0, alarmAt - (this.world.now + this.clockOffsetMs));
    this.cancelAlarm = this.world.at(dueMs + this.climate.draw('alarmsLate'), this.world.machine, () => {
      if (this.store.alarmAt !== alarmAt) return;
      this.store.placeAlarm(null);
      if (!this.climate.happens('alarmsLost')) this.ring();
    });
  }

  private ring(): void {
    this.onArrival('alarm', []);
    this.isRinging = true;
    const life = this.wake();
    const over = (failed: boolean): void => {
      if (!life.actor.isAlive) return;
      this.isRinging = false;
      if (failed) this.ringAgain(ALARM_AGAIN_MS);
    };
    this.run(life, () => life.instance.alarm?.()).then(
      () => over(false),
      () => over(true),
    );
  }

  private ringAgain(afterMs: number): void {
    this.isRinging = false;
    if (this.store.alarmAt !== null) return;
    this.store.placeAlarm(this.world.now + this.clockOffsetMs + afterMs);
    this.armAlarm();
  }

  private latency(): number {
    return this.climate.draw('latencyMs');
  }
}
