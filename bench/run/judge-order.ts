/** When a run was queued and when an executor got it, ms by the database and the pool. */
export interface Turn {
  readonly tenant: string;
  readonly queuedAt: number;
  readonly leasedAt: number;
}

export interface Order {
  /** Runs that an executor got before another of their tenant that had been queued before them. */
  readonly overtakers: number;
  /** The most that one tenant was ahead of another, in runs, while both still had some waiting. */
  readonly leadMax: number;
}

/** In what order the runs of tenants who queued them at once got their turns. Pure. */
export function judgeOrder(turns: readonly Turn[]): Order {
  const byLease = [...turns].sort((left, right) => left.leasedAt - right.leasedAt);
  const waiting = new Map<string, number>();
  for (const { tenant } of turns) waiting.set(tenant, (waiting.get(tenant) ?? 0) + 1);
  const served = new Map([...waiting.keys()].map((tenant) => [tenant, 0]));
  const latest = new Map<string, number>();
  let overtakers = 0;
  let leadMax = 0;
  for (const { tenant, queuedAt } of [...byLease].reverse()) {
    if (queuedAt > (latest.get(tenant) ?? Number.POSITIVE_INFINITY)) overtakers += 1;
    latest.set(tenant, Math.min(queuedAt, latest.get(tenant) ?? queuedAt));
  }
  for (const { tenant } of byLease) {
    served.set(tenant, (served.get(tenant) ?? 0) + 1);
    waiting.set(tenant, (waiting.get(tenant) ?? 0) - 1);
    const counts = [...served].filter(([each]) => (waiting.get(each) ?? 0) > 0).map(([, count]) => count);
    if (counts.length > 1) leadMax = Math.max(leadMax, Math.max(...counts) - Math.min(...counts));
  }
  return { overtakers, leadMax };
}
