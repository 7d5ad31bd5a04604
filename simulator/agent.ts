import { newId, type TenantId } from '../protocol/ids.ts';
import type { Labels } from '../protocol/labels.ts';
import type { Outcome } from '../protocol/outcome.ts';
import type { Env } from '../worker/env.ts';
import type { ToolContext } from '../worker/mcp/tool.ts';
import { platformOf } from '../worker/platform.ts';
import { cancelRun } from '../worker/runs/cancel-run.ts';
import { inspect } from '../worker/runs/inspect.ts';
import { viewRun } from '../worker/runs/run-view.ts';
import { startRun } from '../worker/runs/start-run.ts';
import type { RunView } from '../worker/sight/see-run.ts';
import type { Principal } from '../worker/tenants/principal.ts';
import type { Deployment } from './deployment.ts';
import type { Behaviour } from './simulated-executor.ts';
import { Actor, type World } from './world.ts';

/** What an agent wants. */
export interface Wish extends Behaviour {
  readonly tenant: string;
  readonly atMs: number;
  /** Which of those that it starts at this moment. */
  readonly nth: number;
  readonly kind: 'model' | 'scratch' | 'inspection';
  readonly waitMs: number;
  readonly labels: Labels;
  /** When it changes its mind, after it has learned the run's name. */
  readonly cancelAfterMs: number | null;
}

/** One call of the Worker and when it was answered, as seen by whoever made it. */
export interface MadeCall {
  readonly what: string;
  readonly at: number;
  readonly waitMs: number;
  answeredAt: number | null;
}

export interface Told {
  readonly run: string;
  /** When the agent learned that there is such a run. */
  readonly knownAt: number;
  readonly outcome: Outcome;
  readonly at: number;
}

/** What all agents of a world did and were told. */
export interface Diary {
  readonly calls: MadeCall[];
  readonly told: Told[];
}

const PAUSE_MS = 1_000;
const WAITING_MS = 30_000;
const CANCEL_MS = 5_000;
const PROJECT = newId('project', 0, new Uint8Array(10));
const USER = newId('user', 0, new Uint8Array(10));

/**
 * Somebody's agent: starts a run with an idempotency key, repeats the call where its answer is lost, and asks until it is
 * told an outcome. Resolves then, or when the run was refused.
 */
export async function pursue(deployment: Deployment, diary: Diary, wish: Wish): Promise<void> {
  const actor = new Actor(`agent of ${wish.tenant}`);
  const { world } = deployment;
  world.become(actor);
  const ask = asker(deployment, diary, actor, wish);
  if (wish.kind === 'inspection')
    return inspectOnce(ask, deployment.database.store.placeOf(wish.tenant), wish);
  const started = await untilAnswered(world, () => start(ask, wish));
  if (started === 'refused') return;
  const { run } = started;
  const knownAt = world.now;
  if (wish.cancelAfterMs !== null)
    world.at(wish.cancelAfterMs, actor, () => {
      ask('cancel_run', CANCEL_MS, (context) => cancelRun(context, run)).catch(() => {});
    });
  const outcome = outcomeOf(started) ?? (await untilEnded(world, ask, run));
  diary.told.push({ run, knownAt, outcome, at: world.now });
}

/** No run of the simulation has data that is withheld. */
function outcomeOf(view: RunView): Outcome | null {
  return view.sight === 'all' ? view.outcome : null;
}

/** Asks until the run has an outcome. */
async function untilEnded(world: World, ask: Ask, run: string): Promise<Outcome> {
  for (;;) {
    const view = await untilAnswered(world, () =>
      ask('get_run', WAITING_MS, (context) => viewRun(context, { run, waitMs: WAITING_MS, adopt: false })),
    );
    if (view === 'refused') throw new Error('to look at a run is refused to nobody');
    const outcome = outcomeOf(view);
    if (outcome !== null) return outcome;
    await world.sleep(PAUSE_MS);
  }
}

type Ask = <Answer>(
  what: string,
  waitMs: number,
  work: (context: ToolContext) => Promise<Answer>,
) => Promise<Answer>;

function asker(deployment: Deployment, diary: Diary, actor: Actor, { tenant }: Wish): Ask {
  const { world } = deployment;
  return async (what, waitMs, work) => {
    const call: MadeCall = { what, at: world.now, waitMs, answeredAt: null };
    diary.calls.push(call);
    try {
      return await deployment.request(actor, async (env) => work(await contextOf(env, tenant)));
    } finally {
      call.answeredAt = world.now;
    }
  };
}

async function start(ask: Ask, wish: Wish): Promise<RunView> {
  const { runMs, ends, waitMs, kind, labels } = wish;
  const key = `${wish.tenant}-${wish.atMs}-${wish.nth}`;
  const { view } = await ask('run_model', waitMs, (context) =>
    startRun(context, {
      project: PROJECT,
      placement: { labels },
      program: kind === 'model' ? { path: 'model.py' } : { code: `print(${wish.atMs}, ${wish.nth})` },
      ref: undefined,
      parameters: { runMs, ends, key },
      data: undefined,
      waitMs,
      memoryBytes: undefined,
      wallMs: undefined,
      idempotency: { key, tool: 'run_model', arguments_sha256: key },
    }),
  );
  return view;
}

async function inspectOnce(
  ask: Ask,
  place: { readonly pool: string; readonly own: boolean },
  { tenant, runMs, ends, waitMs, labels }: Wish,
): Promise<void> {
  const signal = new AbortController().signal;
  await ask('describe_data', waitMs + 5_000, ({ platform }) =>
    inspect(platform, {
      ...{ tenantId: tenant, project: PROJECT, script: 'pass', data: [], parameters: { runMs, ends } },
      ...{ timeoutMs: waitMs, signal, place: { ...place, labels } },
    }),
  ).catch(() => {});
}

/** Repeats a call that broke off; a refusal is an answer. */
async function untilAnswered<Answer>(world: World, call: () => Promise<Answer>): Promise<Answer | 'refused'> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if ((error as { code?: string }).code === 'limit_exceeded') return 'refused';
      await world.sleep(PAUSE_MS);
    }
  }
}

async function contextOf(env: Env, tenant: string): Promise<ToolContext> {
  const principal: Principal = {
    ...{ tenantId: tenant as TenantId, userId: USER, credential: { kind: 'api_token', id: 'tok' } },
    ...{ needs: { scopes: [], role: null }, requestId: newId('request'), address: null, userAgent: null },
  };
  const context: Omit<ToolContext, 'call' | 'session' | 'request'> = {
    platform: await platformOf(env),
    principal,
    signal: new AbortController().signal,
    wantsProgress: false,
    progress: async () => {},
    log: async () => {},
    waitsFor: async () => {},
  };
  return context as ToolContext;
}
