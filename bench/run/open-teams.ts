import { z } from 'zod';
import type { CleanupStack } from '../../cli/stack/cleanup.ts';
import type { TenantId } from '../../protocol/ids.ts';
import { openBenchTenant } from '../stack/bench-tenant.ts';
import { type BenchClient, openClient } from '../stack/open-client.ts';
import { MODELS, SALES, salesCsv } from './models.ts';
import { openTimekeeper, type RecordedTimes } from './open-timekeeper.ts';

/** A tenant with the models to measure, and its client. */
export interface Team {
  readonly tenant: TenantId;
  readonly client: BenchClient;
  readonly project: string;
  readonly recorded: (run: string) => Promise<RecordedTimes>;
}

export interface TeamsPlace {
  readonly ownerUrl: string;
  readonly mcpUrl: string;
  readonly state: string;
}

/** As many as it takes to stay below every tenant's limits: none is lifted for a benchmark. */
export async function openTeams(count: number, place: TeamsPlace, cleanup: CleanupStack): Promise<Team[]> {
  return Promise.all(Array.from({ length: count }, () => openTeam(place, cleanup)));
}

export async function openTeam(place: TeamsPlace, cleanup: CleanupStack): Promise<Team> {
  const { close, tenant, tokens } = await openBenchTenant(place.ownerUrl, 1);
  await cleanup.defer(close);
  const client = await openClient(place.mcpUrl, tokens[0] ?? '');
  await cleanup.defer(client.close);
  const project = await prepareProject(client);
  return { tenant, client, project, recorded: await openTimekeeper(place.state, tenant) };
}

async function prepareProject(client: BenchClient): Promise<string> {
  const { project } = await client.call(
    'create_project',
    { name: 'bench' },
    z.object({ project: z.string() }),
  );
  const files = MODELS.map(({ path, source }) => ({ path, content: source }));
  await client.call(
    'write_files',
    { project, files, message: 'Add the models to measure' },
    z.looseObject({}),
  );
  await client.call(
    'import_data',
    { project, name: SALES, format: 'csv', text: salesCsv() },
    z.looseObject({}),
  );
  return project;
}
