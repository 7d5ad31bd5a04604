import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import type { Offer } from '../../protocol/messages.ts';
import { answerSql } from '../../simulator/database/answer-sql.ts';
import { RunStore } from '../../simulator/database/run-store.ts';
import { Random } from '../../simulator/random.ts';
import { createDatabase, type Database } from '../../worker/database/database.ts';
import { recordConnection, registerExecutor } from '../../worker/database/executors.ts';
import { createProjectRow, recordCommit } from '../../worker/database/projects.ts';
import type { Query } from '../../worker/database/query.ts';
import { nextFence, recallRuns, recordOutcome } from '../../worker/database/run-attempts.ts';
import { beginCancel, queueRun, selectRuns } from '../../worker/database/runs.ts';
import { importTicketKey } from '../../worker/database/ticket.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { executorPrincipal } from '../../worker/runs/executor-principal.ts';
import { runLimits, SEEDS } from '../../worker/runs/run-limits.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import { systemPrincipal } from '../../worker/tenants/system-principal.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { PLAYED_IMAGE, succeeded } from '../support/played-outcome.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

/** The simulation believes a small model of the database. Here the same calls are made of both. */
let server: TestDatabase;
let real: Database;
let ann: Inhabitant;
let bob: Inhabitant;
const projects = new Map<string, string>();
const executor = newId('executor');
const OFFER: Offer = {
  ...{ engine: 'gvisor', engine_version: '', image: PLAYED_IMAGE as Offer['image'], python: '' },
  ...{ packages: [], absent: [], slots: 1 },
};

beforeAll(async () => {
  server = await startTestDatabase();
  real = await server.open();
  const tokenSha256 = 'e'.repeat(64);
  await server.asOwner("select app.create_join_token('default', $1, interval '1 hour')", [tokenSha256]);
  const call = { request: newId('request'), address: '192.0.2.8', agent: 'executor' };
  await real.transaction([
    registerExecutor({ tokenSha256, executor, name: 'host', publicKey: 'A'.repeat(43), call }),
  ]);
  await real.transaction([recordConnection(executor, OFFER)]);
});
afterAll(() => server.stop());

/** A tenant of its own for each test, with a project that can run. */
async function settleTenant(person: string): Promise<Inhabitant> {
  const inhabitant = await settle(server.asOwner, {
    person,
    tenant: `${person}${newId('tenant').slice(-8)}`,
  });
  const id = newId('project');
  const file = { blob: 'b'.repeat(40), sha256: 'f'.repeat(64), bytes: 3 };
  const made = { id: 'c'.repeat(40), message: 'Add', author_name: 'a', author_email: 'a@b', authored_at: 1 };
  const tree = { id: 'd'.repeat(40), files: { 'model.py': file }, file_count: 1, bytes: 3 };
  await withTenant(real, inhabitant.principal, [
    createProjectRow({ id, name: 'models', description: '', restricted: false, idempotency: null }),
    recordCommit(id, null, { ...made, changes: [] }, tree, null),
  ] as const);
  projects.set(inhabitant.tenantId, id);
  return inhabitant;
}

async function openModel(): Promise<{ readonly database: Database; readonly store: RunStore }> {
  const store = new RunStore();
  store.enrol(executor);
  const database = createDatabase({
    connectionString: 'postgresql://causeway_app:simulated@db.example/causeway',
    ticketKey: await importTicketKey(server.ticketKey),
    fetch: async (_url, init) => {
      const { status, body } = answerSql(store, String(init.body), Date.now());
      return new Response(JSON.stringify(body), { status });
    },
  });
  await database.transaction([recordConnection(executor, OFFER)]);
  return { database, store };
}

interface Step {
  readonly as: Principal;
  readonly asked: Query<unknown>;
}

/** Something that somebody, maybe the wrong one, asks of a run, maybe with the wrong fence. */
function drawStep(random: Random, runs: readonly string[]): Step {
  const tenant = random.pick([ann, ann, bob]);
  const run = runs.length > 0 && random.chance(0.95) ? random.pick(runs.slice(-4)) : newId('run');
  const fence = random.pick([1, 1, 2, 2, 3]);
  const system = systemPrincipal(tenant.tenantId);
  const reporter = random.pick([system, executorPrincipal(tenant.tenantId, executor), tenant.principal]);
  const kind = random.pick(['queue', 'queue', 'next', 'next', 'record', 'record', 'cancel', 'look'] as const);
  if (kind === 'queue') {
    return { as: tenant.principal, asked: queue(random, newId('run'), tenant) };
  }
  if (kind === 'next') {
    const by = random.chance(0.9) ? system : reporter;
    return { as: by, asked: nextFence(run, random.pick([null, fence]), { executor, reason: 'it died' }) };
  }
  if (kind === 'record') {
    const executed = { executor, leased_ago_ms: 30, started_ago_ms: random.pick([null, 20]) };
    return { as: reporter, asked: recordOutcome(run, fence, succeeded(`${run} ${fence}`), executed) };
  }
  return { as: tenant.principal, asked: kind === 'cancel' ? beginCancel(run) : selectRuns([run]) };
}

function queue(random: Random, run: string, { tenantId }: Inhabitant): Query<unknown> {
  const isModel = random.chance(0.7);
  const key = random.pick([null, 'key-one!', 'key-two!']);
  const arguments_sha256 = random.pick(['0', '1']).repeat(64);
  return queueRun({
    ...{ run, placement: {}, project: projects.get(tenantId) ?? '', kind: isModel ? 'model' : 'scratch' },
    ...{ ref: null, entry: isModel ? 'model.py' : '.causeway/scratch.py' },
    scratch: isModel ? null : { sha256: 'a'.repeat(64), bytes: 1 },
    ...{ data: null, parameters: { n: random.between(1, 4) }, limits: runLimits({}), seeds: SEEDS },
    queued_max: 4,
    withheld_max: 6,
    idempotency: key === null ? null : { key, tool: 'run_model', arguments_sha256 },
  });
}

async function answerOf(database: Database, { as, asked }: Step): Promise<unknown> {
  try {
    const [answer] = await withTenant(database, as, [asked] as const);
    return essence(answer);
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}

/** An answer without what is each one's own: times, the ids of pools, how a manifest is spelt. */
function essence(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(essence);
  const { step, reason, run, fence, deduplicated, ok, code, state, outcome, withheld, manifest, execution } =
    answer as Record<string, unknown>;
  const parameters = (manifest as { parameters?: unknown } | undefined)?.parameters;
  const by = (execution as { executor?: unknown } | undefined)?.executor;
  return { step, reason, run, fence, deduplicated, ok, code, state, outcome, withheld, parameters, by };
}

const events = (rows: readonly Record<string, unknown>[]) =>
  rows.map(({ action, target, outcome, details }) => {
    const { fence, state, deduplicated, code } = details as Record<string, unknown>;
    return { action, target, outcome, fence, state, deduplicated, code };
  });

describe('what the simulation believes of the database is what the database does', () => {
  const steps = new Set<unknown>();
  test.each([1, 2, 3])('in a hundred drawn calls, right and wrong ones (seed %i)', async (seed) => {
    [ann, bob] = [await settleTenant('Ann'), await settleTenant('Bob')];
    const model = await openModel();
    const random = new Random(seed);
    const runs: string[] = [];
    for (let count = 0; count < 100; count++) {
      const step = drawStep(random, runs);
      const answer = await answerOf(real, step);
      expect(await answerOf(model.database, step), `call ${count}: ${step.asked.text}`).toEqual(answer);
      const { step: met, run } = answer as { step?: string; run?: string };
      steps.add(met);
      if (met === 'new' && run !== undefined) runs.push(run);
      const recalling = { as: ann.principal, asked: recallRuns(executor, runs.slice(-1)) };
      const recalled = (await answerOf(real, recalling)) as unknown[];
      expect(await answerOf(model.database, recalling)).toEqual(recalled);
      steps.add(`recalled ${recalled.length}`);
    }

    const audited = await server.asSuperuser(
      `select action, target_id as target, outcome, details from app.audit_events
        where tenant_id = any($1) and action like 'run.%' order by position`,
      [[ann.tenantId, bob.tenantId]],
    );
    const believed = model.store.audit.map((event) => ({ ...event }));
    const withoutRefusals = ({ action, outcome }: { action: unknown; outcome: unknown }) =>
      action !== 'run.start' || outcome === 'ok';
    expect(events(believed).filter(withoutRefusals)).toEqual(events(audited).filter(withoutRefusals));
  });

  test('those calls met every answer that there is', () => {
    const answers = [
      'new',
      'known',
      'refused',
      'again',
      'exhausted',
      'elsewhere',
      'finished',
      'recorded',
      'absent',
      'recalled 0',
      'recalled 1',
    ];
    expect(answers.filter((answer) => !steps.has(answer))).toEqual([]);
  });
});
