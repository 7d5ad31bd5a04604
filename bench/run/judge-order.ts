/** When a run was queued and when an executor got it, ms by the database and the pool. */
export interface Turn {
  readonly tenant: string;
  readonly queuedAt: number;
  readonly leasedAt: number;
}

export interface Order {
  /** Runs that an executor got before another of their tenant that had been queued before them. */
  readonly overtakers: number;
  /** The most runs that a tenant was given beyond its turns while another had one waiting. */
  readonly leadMax: number;
}

/** In what order the runs of tenants who queued them at once got their turns. Pure. */
export function judgeOrder(turns: readonly Turn[]): Order {
  const byLease = [...turns].sort((left, right) => left.leasedAt - right.leasedAt);
  const tenants = [...new Set(turns.map(({ tenant }) => tenant))];
  const leads = tenants.flatMap((tenant) =>
    tenants.filter((other) => other !== tenant).map((other) => leadOf(byLease, tenant, other)),
  );
  return { overtakers: overtakersIn(byLease), leadMax: Math.max(0, ...leads) };
}

function overtakersIn(byLease: readonly Turn[]): number {
  const latest = new Map<string, number>();
  let overtakers = 0;
  for (const { tenant, queuedAt } of [...byLease].reverse()) {
    if (queuedAt > (latest.get(tenant) ?? Number.POSITIVE_INFINITY)) overtakers += 1;
    latest.set(tenant, Math.min(queuedAt, latest.get(tenant) ?? queuedAt));
  }
  return overtakers;
}

/** How far `tenant` got ahead of `other`, counting only what it was given while `other` had a run in the queue. */
function leadOf(byLease: readonly Turn[], tenant: string, other: string): number {
  let lead = 0;
  let most = 0;
  for (const turn of byLease) {
    if (turn.tenant === other) lead = Math.max(0, lead - 1);
    if (turn.tenant !== tenant) continue;
    const isOtherWaiting = byLease.some(
      (each) => each.tenant === other && each.queuedAt <= turn.leasedAt && each.leasedAt > turn.leasedAt,
    );
    lead = isOtherWaiting ? lead + 1 : 0;
    most = Math.max(most, lead);
  }
  return most;
}
