/** A run that waits for a slot. */
export interface Waiting {
  readonly run: string;
  readonly tenant: string;
  /** Runs and inspections of a tenant are counted apart, so that describing data does not wait for long models. */
  readonly lane: 'run' | 'inspect';
  /** The image that it must have; null takes any. */
  readonly image: string | null;
}

/** An executor with its free slots. */
export interface Host {
  readonly executor: string;
  readonly image: string;
  readonly free: number;
}

export interface Assignment {
  readonly run: string;
  readonly tenant: string;
  readonly executor: string;
}

export interface Situation {
  /** Oldest first. */
  readonly waiting: readonly Waiting[];
  readonly hosts: readonly Host[];
  /** How many of a tenant are held by executors, by `tenantLane`. */
  readonly held: ReadonlyMap<string, number>;
  /** When a tenant got a slot last, as a growing number; absent is longest ago. */
  readonly servedAt: ReadonlyMap<string, number>;
  readonly heldMaxPerTenant: number;
}

export function tenantLane(entry: Pick<Waiting, 'tenant' | 'lane'>): string {
  return `${entry.tenant} ${entry.lane}`;
}

/**
 * Which waiting runs go where. Tenants take turns, whoever was served longest ago first, and within a tenant the oldest
 * run goes first; a tenant that holds its share waits. Among the executors with the right image the one with most free
 * slots is taken. Pure.
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
    servedAt.set(entry.tenant, ++turn);
    assignments.push({ run: entry.run, tenant: entry.tenant, executor: host.executor });
  }
}

interface Ledger {
  readonly free: ReadonlyMap<string, number>;
  readonly held: ReadonlyMap<string, number>;
  readonly servedAt: ReadonlyMap<string, number>;
}

function choose(
  waiting: readonly Waiting[],
  situation: Situation,
  ledger: Ledger,
): { entry: Waiting; host: Host } | null {
  let best: { entry: Waiting; host: Host; servedAt: number } | null = null;
  for (const entry of waiting) {
    const servedAt = ledger.servedAt.get(entry.tenant) ?? -1;
    if (best !== null && best.servedAt <= servedAt) continue;
    if ((ledger.held.get(tenantLane(entry)) ?? 0) >= situation.heldMaxPerTenant) continue;
    const host = roomiest(situation.hosts, entry.image, ledger.free);
    if (host !== null) best = { entry, host, servedAt };
  }
  return best;
}

function roomiest(
  hosts: readonly Host[],
  image: string | null,
  free: ReadonlyMap<string, number>,
): Host | null {
  let best: Host | null = null;
  let most = 0;
  for (const host of hosts) {
    const slots = free.get(host.executor) ?? 0;
    if (slots > most && (image === null || image === host.image)) {
      best = host;
      most = slots;
    }
  }
  return best;
}
