import type { Env } from '../worker/env.ts';
import { ExecutorPool } from '../worker/runs/executor-pool.ts';
import { RunFeed } from '../worker/runs/run-feed.ts';
import { TenantGate } from '../worker/tenants/tenant-gate.ts';
import { RunStore } from './database/run-store.ts';
import { SimulatedDatabase } from './database/simulated-database.ts';
import { type Emit, ObjectHost } from './objects/object-host.ts';
import type { Climate } from './weather.ts';
import { Actor, type World } from './world.ts';

const CLASSES = { EXECUTOR_POOL: ExecutorPool, RUN_FEED: RunFeed, TENANT_GATE: TenantGate } as const;
type Binding = keyof typeof CLASSES;

const KEY = Buffer.alloc(32, 7).toString('base64url');
const straightOut: Emit = (send) => send();

/** Causeway as deployed: the real classes of its objects on a simulated platform, one isolate of its Worker, its database and blobs. */
export class Deployment {
  readonly world: World;
  readonly climate: Climate;
  readonly database: SimulatedDatabase;
  readonly blobs = new Set<string>();
  private readonly hosts = new Map<string, ObjectHost>();
  private isolate: { readonly actor: Actor; readonly env: Env; readonly calls: Set<(error: Error) => void> };
  private isolates = 0;
  /** Told before each message and alarm reaches a pool; of a message also which executor's it is, and its text. */
  onArrival: (what: string, executor?: string, text?: string) => void = () => {};
  /** Told when a pool has no socket of an executor any more, and how the last was closed. */
  onClosed: (executor: string, code: number) => void = () => {};

  constructor(world: World, climate: Climate) {
    this.world = world;
    this.climate = climate;
    this.database = new SimulatedDatabase(world, climate, new RunStore());
    this.isolate = this.openIsolate();
  }

  /** An object by its binding and name; made, asleep, when it is first named. */
  host(binding: Binding, name: string): ObjectHost {
    const known = this.hosts.get(`${binding} ${name}`);
    if (known !== undefined) return known;
    const host = new ObjectHost(this.world, this.climate, `${binding} ${name}`, (context, actor, emit) => {
      const Class = CLASSES[binding] as new (context: unknown, env: Env) => object;
      return new Class(context, this.envFor(actor, emit));
    });
    if (binding === 'EXECUTOR_POOL') {
      host.onArrival = (what, [executor], text) => this.onArrival(what, executor, text);
      host.onClosed = ([executor = ''], code) => this.onClosed(executor, code);
    }
    this.hosts.set(`${binding} ${name}`, host);
    return host;
  }

  /** The objects of all pools. */
  poolHosts(): ObjectHost[] {
    return this.database.store.pools.map((pool) => this.host('EXECUTOR_POOL', pool));
  }

  /** Does `work` in the Worker for a caller outside; rejects where the isolate ends before it has answered. */
  request<Answer>(caller: Actor, work: (env: Env) => Promise<Answer>): Promise<Answer> {
    const answer = this.world.promiseFor<Answer>(caller);
    const latency = (): number => this.climate.draw('latencyMs');
    this.world.at(latency(), this.world.machine, () => {
      const { actor, env, calls } = this.isolate;
      this.world.become(actor);
      const fail = (error: Error): void => answer.settle(latency(), { error });
      calls.add(fail);
      work(env).then(
        (value) => {
          calls.delete(fail);
          answer.settle(latency(), { value });
        },
        (error: Error) => {
          calls.delete(fail);
          fail(error);
        },
      );
    });
    return answer.promise;
  }

  /** The isolate of the Worker ends, and another takes the next request. */
  restartWorker(): void {
    const { actor, calls } = this.isolate;
    actor.isAlive = false;
    this.isolate = this.openIsolate();
    for (const fail of calls) fail(new Error('the connection was closed'));
  }

  setWorkerClock(offsetMs: number): void {
    this.isolate.actor.clockOffsetMs = offsetMs;
  }

  private openIsolate() {
    const actor = new Actor(`worker ${++this.isolates}`);
    return { actor, env: this.envFor(actor, straightOut), calls: new Set<(error: Error) => void>() };
  }

  private envFor(actor: Actor, emit: Emit): Env {
    const namespace = (binding: Binding) => ({
      idFromName: (name: string) => name,
      get: (name: string) => this.stubOf(this.host(binding, name), actor, emit),
    });
    return {
      PUBLIC_URL: 'https://causeway.example',
      DATABASE_URL: 'postgresql://causeway_app:simulated@db.example/causeway',
      DATABASE_HTTP_URL: 'https://db.example/sql',
      CONTEXT_KEY: KEY,
      SEAL_KEY: KEY,
      KEY_PASSPHRASE: KEY,
      OUTBOUND: { fetch: this.database.fetchFor(actor, emit) },
      BLOBS: this.bucketFor(actor),
      EXECUTOR_POOL: namespace('EXECUTOR_POOL'),
      RUN_FEED: namespace('RUN_FEED'),
      TENANT_GATE: namespace('TENANT_GATE'),
    } as unknown as Env;
  }

  private stubOf(host: ObjectHost, actor: Actor, emit: Emit): object {
    return new Proxy(host, {
      get(_, method) {
        if (typeof method !== 'string' || method === 'then') return undefined;
        return (...args: unknown[]) =>
          new Promise((resolve, reject) => {
            emit(() => void host.call(actor, method, args).then(resolve, reject));
          });
      },
    });
  }

  /** R2, as far as a small blob needs it. */
  private bucketFor(actor: Actor) {
    const reach = async <Value>(work: () => Value): Promise<Value> => {
      const answer = this.world.promiseFor<Value>(actor);
      const delayMs = 2 * this.climate.draw('latencyMs');
      if (this.climate.now.blobsFail) answer.settle(delayMs, { error: new Error('the blob store failed') });
      else answer.settle(delayMs, { value: work() });
      return answer.promise;
    };
    return {
      head: (path: string) => reach(() => (this.blobs.has(path) ? {} : null)),
      put: (path: string) => reach(() => void this.blobs.add(path)),
    };
  }
}
