import { readSecrets } from '../../cli/stack/secrets.ts';
import { statePaths } from '../../cli/stack/state-paths.ts';
import { createDatabase } from '../../worker/database/database.ts';
import { selectRunsOfPool } from '../../worker/database/runs.ts';
import { importTicketKey } from '../../worker/database/ticket.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { systemPrincipal } from '../../worker/tenants/system-principal.ts';
import { partOf, runningParts } from '../stack/running-parts.ts';
import type { RunTimes } from './timeline.ts';

export type RecordedTimes = Pick<RunTimes, 'queuedAt' | 'leasedAt' | 'finishedAt'> & {
  readonly isWarm: boolean;
};

/** Reads what the system recorded of a run beside what it tells its users: through the Worker's own door to the database. */
export async function openTimekeeper(
  state: string,
  tenant: string,
): Promise<(run: string) => Promise<RecordedTimes>> {
  const secrets = readSecrets(statePaths(state));
  if (secrets === null) throw new Error('a running stack has secrets');
  const parts = await runningParts(state);
  const database = createDatabase({
    connectionString: `postgres://causeway_app:${secrets.appPassword}@127.0.0.1:${partOf(parts, 'postgres').port}/causeway`,
    endpoint: `http://127.0.0.1:${partOf(parts, 'postgres-http').port}/sql`,
    ticketKey: await importTicketKey(secrets.contextKey),
  });
  return async (run) => {
    const [[row]] = await withTenant(database, systemPrincipal(tenant), [selectRunsOfPool([run])] as const);
    if (row?.outcome == null || row.finishedAt === null || row.execution?.leased_at == null)
      throw new Error(`${run} has no recorded outcome`);
    return {
      queuedAt: Date.parse(row.createdAt),
      leasedAt: row.execution.leased_at,
      finishedAt: Date.parse(row.finishedAt),
      isWarm: row.outcome.sandbox.warm,
    };
  };
}
