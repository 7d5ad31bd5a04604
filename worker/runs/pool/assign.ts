import type { Labels } from '../../../protocol/labels.ts';
import { type Needed, suits } from './suits.ts';

/** A run that waits for a slot. */
export interface Waiting extends Needed {
  readonly run: string;
  readonly tenant: string;
  /** Whose it is; the people of a tenant take turns too. */
  readonly user: string | null;
  /** Runs and inspections of a tenant are counted apart, so that describing data does not wait for long models. */
  readonly lane: 'run' | 'inspect';
  /** It waits in a pool of its tenant, where no share is kept for others. */
  readonly own: boolean;
}

/** An executor with its free slots. */
export interface Host {
  readonly executor: string;
  readonly image: string;
  readonly labels: Labels;
  readonly free: number;
}

export interface Assignment {
  readonly run: string;
  readonly tenant: string;
  readonly user: string | null;
  readonly executor: string;
  /** What `servedAt` is from now on, of its tenant and of its person. */
  readonly turn: number;
}

export interface Situation {
  /** Oldest first. */
  readonly waiting: readonly Waiting[];
  readonly hosts: readonly Host[];
  /** How many of a tenant are held by executors, by `tenantLane`. */
  readonly held: ReadonlyMap<string, number>;
  /** When a tenant, and a person of it, got a slot last, as a growing number, by `turnsOf`; absent is longest ago. */
  readonly servedAt: ReadonlyMap<string, number>;
  readonly heldMaxPerTenant: number;
}

export function tenantLane(entry: Pick<Waiting, 'tenant' | 'lane'>): string {
  return `${entry.tenant} ${entry.lane}`;
}

/** Under which names it is noted when a tenant, and somebody in it, was served. */
export function turnsOf({ tenant, user }: Pick<Waiting, 'tenant' | 'user'>): readonly [string, string] {
  return [tenant, `${tenant} ${user}`];
}

/**
 * Which waiting runs go where. Tenants take turns, whoever was served longest ago first; so do the people of a tenant, and
 * of each the oldest run goes first; a tenant that holds its share waits. So whoever has one run waits for one of each
 * other tenant at most, however many those have queued. Among the executors that suit the one with most free slots is
 * taken. Pure.
 */
export function assign(situation: Situation): Assignment[] {
  const free = new Map(situation.hosts.map((host) => [host.executor, host.free]));
  const held = new Map(situation.held);
  const servedAt = new Map(situation.servedAt);
  const waiting = [...situation.waiting];
  const assignments: Assignment[] = [];
  let turn = Math.max(0, ...servedAt.values());
  for (;;) {
    const choice = choose(waiting, situation, { free, held, servedAt });
    if (choice === null) return assignments;
    const { entry, host } = choice;
    waiting.splice(waiting.indexOf(entry), 1);
    free.set(host.executor, (free.get(host.executor) ?? 0) - 1);
    held.set(tenantLane(entry), (held.get(tenantLane(entry)) ?? 0) + 1);
    turn += 1;
    for (const name of turnsOf(entry)) servedAt.set(name, turn);
    const { run, tenant, user } = entry;
    assignments.push({ run, tenant, user, executor: host.executor, turn });
  }
}

interface Ledger {
  readonly free: ReadonlyMap<string, number>;
  readonly held: ReadonlyMap<string, number>;
  readonly servedAt: ReadonlyMap<string, number>;
}

/** When the tenant was served last, then its person. */
type Served = readonly [tenant: number, user: number];

function isEarlier(a: Served, b: Served): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

function choose(
  waiting: readonly Waiting[],
  situation: Situation,
  ledger: Ledger,
): { entry: Waiting; host: Host } | null {
  let best: { entry: Waiting; host: Host; served: Served } | null = null;
  for (const entry of waiting) {
    const [tenant, user] = turnsOf(entry);
    const served = [ledger.servedAt.get(tenant) ?? -1, ledger.servedAt.get(user) ?? -1] as const;
    if (best !== null && !isEarlier(served, best.served)) continue;
    if (!entry.own && (ledger.held.get(tenantLane(entry)) ?? 0) >= situation.heldMaxPerTenant) continue;
    const host = roomiest(situation.hosts, entry, ledger.free);
    if (host !== null) best = { entry, host, served };
  }
  return best;
}

function roomiest(hosts: readonly Host[], needed: Needed, free: ReadonlyMap<string, number>): Host | null {
  let best: Host | null = null;
  let most = 0;
  for (const host of hosts) {
    const slots = free.get(host.executor) ?? 0;
    if (slots > most && suits(host, needed)) {
      best = host;
      most = slots;
    }
  }
  return best;
}
