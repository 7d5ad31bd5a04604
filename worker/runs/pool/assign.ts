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
  /** Executors at which an earlier attempt ended without an outcome. */
  readonly tried: readonly string[];
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
 * taken; one that was tried only where no other suits, free or not: one that refuses all it gets is always free. Pure.
 */
export function assign(situation: Situation): Assignment[] {
  // A full pool has none, and then nothing else is looked at, however many wait.
  let hosts = situation.hosts.filter(({ free }) => free > 0);
  const held = new Map(situation.held);
  const servedAt = new Map(situation.servedAt);
  const waiting = [...situation.waiting];
  const assignments: Assignment[] = [];
  let turn = Math.max(0, ...servedAt.values());
  while (hosts.length > 0) {
    const choice = choose(waiting, situation.heldMaxPerTenant, {
      all: situation.hosts,
      hosts,
      held,
      servedAt,
    });
    if (choice === null) break;
    const { entry, host } = choice;
    waiting.splice(waiting.indexOf(entry), 1);
    hosts = withOneLess(hosts, host);
    held.set(tenantLane(entry), (held.get(tenantLane(entry)) ?? 0) + 1);
    turn += 1;
    for (const name of turnsOf(entry)) servedAt.set(name, turn);
    const { run, tenant, user } = entry;
    assignments.push({ run, tenant, user, executor: host.executor, turn });
  }
  return assignments;
}

/** What is free once `taken` has one run more. */
function withOneLess(hosts: readonly Host[], taken: Host): Host[] {
  const free = taken.free - 1;
  if (free === 0) return hosts.filter((host) => host !== taken);
  return hosts.map((host) => (host === taken ? { ...host, free } : host));
}

interface Ledger {
  readonly all: readonly Host[];
  /** Those with a free slot. */
  readonly hosts: readonly Host[];
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
  heldMaxPerTenant: number,
  ledger: Ledger,
): { entry: Waiting; host: Host } | null {
  let best: { entry: Waiting; host: Host; served: Served } | null = null;
  for (const entry of waiting) {
    const [tenant, user] = turnsOf(entry);
    const served = [ledger.servedAt.get(tenant) ?? -1, ledger.servedAt.get(user) ?? -1] as const;
    if (best !== null && !isEarlier(served, best.served)) continue;
    if (!entry.own && (ledger.held.get(tenantLane(entry)) ?? 0) >= heldMaxPerTenant) continue;
    const host = roomiest(ledger, entry);
    if (host !== null) best = { entry, host, served };
  }
  return best;
}

function roomiest({ all, hosts }: Ledger, entry: Waiting): Host | null {
  const isFresh = ({ executor }: Host) => !entry.tried.includes(executor);
  const takesAny = entry.tried.length === 0 || !all.some((host) => isFresh(host) && suits(host, entry));
  let best: Host | null = null;
  for (const host of hosts)
    if (host.free > (best?.free ?? 0) && suits(host, entry) && (takesAny || isFresh(host))) best = host;
  return best;
}
