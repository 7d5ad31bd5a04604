import { limit } from '../protocol/limits.ts';
import type { Lease } from '../worker/runs/pool/lease.ts';
import type { Diary } from './agent.ts';
import type { Scene } from './faults.ts';
import type { Violation } from './invariants.ts';
import { signatureOf } from './simulated-executor.ts';

const CALL_SLACK_MS = 120_000;
/** From the Worker's word that a run may start to its row, in bad weather and with calls that are repeated. */
const ROW_SLACK_MS = 20_000;
/** From the end of a run to an agent that waits for it, in calm weather. */
const TOLD_MS = 10_000;

/** Why an attempt is over whose executor said goodbye, as the log has it. */
const STOPPED = 'its executor was stopped';

/** A world in which nothing moves any more. Times are virtual ms. */
export interface Ended {
  readonly scene: Scene;
  readonly diary: Diary;
  /** What the pools still hold. */
  readonly leases: readonly Lease[];
  readonly beganAt: number;
  readonly calmAt: number;
}

type Finding = Omit<Violation, 'atMs'>;

/** What must not be when all is over: by the rows of runs, the audit log, and what agents were told. */
export function judgeEnd(ended: Ended): readonly Finding[] {
  return [judgeOutcomes, judgeAttempts, judgeStops, judgeAnswers, judgeLeftovers, judgeRates].flatMap(
    (judge) => judge(ended),
  );
}

/** Each run ended once, and its outcome is that of the executor and fence in its row. */
function judgeOutcomes({ scene }: Ended): readonly Finding[] {
  const { store } = scene.deployment.database;
  return [...store.rows.values()].flatMap((row) => {
    const { run, fence } = row;
    const finishes = store.audit.filter(({ action, target }) => action === 'run.finish' && target === run);
    const said = row.outcome?.stdout.inline ?? '';
    const executor = (row.execution as { executor: string | null } | null)?.executor ?? '';
    return [
      ...(row.state === 'queued' ? [finding('in time', `${run} never ended`)] : []),
      ...(row.state !== 'queued' && finishes.length !== 1
        ? [finding('one outcome', `${run} ended ${finishes.length} times`)]
        : []),
      ...(said !== '' && said !== signatureOf(run, fence, executor)
        ? [finding('one outcome', `${run} at fence ${fence} of ${executor} has the outcome ${said}`)]
        : []),
      ...(finishes.some(({ details }) => details.fence !== fence)
        ? [finding('one outcome', `${run} ended with another fence than its own`)]
        : []),
    ];
  });
}

/** The log has the start of each run, and one retry for each further attempt. */
function judgeAttempts({ scene }: Ended): readonly Finding[] {
  const { store } = scene.deployment.database;
  return [...store.rows.values()].flatMap(({ run, fence }) => {
    const events = store.audit.filter(({ target }) => target === run);
    const count = (action: string): number =>
      events.filter((event) => event.action === action && event.details.deduplicated !== true).length;
    const isComplete = count('run.start') === 1 && count('run.retry') === fence - 1;
    return isComplete
      ? []
      : [finding('recorded', `${run} at fence ${fence} has ${count('run.retry')} retries in the log`)];
  });
}

/** No attempt is over for the end of an executor that never ended. */
function judgeStops({ scene }: Ended): readonly Finding[] {
  return scene.deployment.database.store.audit
    .filter(
      ({ action, details }) =>
        (action === 'run.retry' || action === 'run.give_up') && details.reason === STOPPED,
    )
    .flatMap(({ target, details }) => {
      const host = scene.executors.find(({ id }) => id === details.executor);
      return host?.hasStopped === true
        ? []
        : [finding('no attempt for nothing', `${target} was taken from ${host?.id}, which never stopped`)];
    });
}

/** Agents were told what is recorded, soon after it was. */
function judgeAnswers({ scene, diary, calmAt }: Ended): readonly Finding[] {
  return diary.told.flatMap(({ run, knownAt, outcome, at }) => {
    const row = scene.deployment.database.store.rows.get(run);
    const recorded = row?.outcome;
    const endedAt = row?.finishedAt ?? 0;
    const lateMs = at - Math.max(endedAt, knownAt);
    const isTrue = recorded?.stdout.inline === outcome.stdout.inline && recorded.state === outcome.state;
    return [
      ...(endedAt > calmAt && lateMs > TOLD_MS
        ? [finding('answers', `of the end of ${run} its agent learned ${Math.round(lateMs)} ms later`)]
        : []),
      ...(isTrue
        ? []
        : [
            finding(
              'no false word',
              `an agent was told ${outcome.state} of ${run}, which is ${recorded?.state}`,
            ),
          ]),
    ];
  });
}

/** No slot is held, nobody works, and every call was answered. */
function judgeLeftovers({ scene, diary, leases, beganAt }: Ended): readonly Finding[] {
  return [
    ...leases.map(({ run, phase }) => finding('slots', `the pool still has ${run} (${phase})`)),
    ...scene.executors
      .filter(({ working }) => working.size > 0)
      .map(({ id, working }) => finding('slots', `${id} still works on ${[...working].join(', ')}`)),
    ...diary.calls.flatMap(({ what, at, waitMs, answeredAt }) => {
      const tookMs = (answeredAt ?? Number.POSITIVE_INFINITY) - at;
      return tookMs > waitMs + CALL_SLACK_MS
        ? [finding('answers', `${what} at ${Math.round(at - beganAt)} ms took ${Math.round(tookMs)} ms`)]
        : [];
    }),
  ];
}

/** In no span of time did a tenant start more runs, by the log, than a bucket that fills evenly lets through. */
function judgeRates({ scene }: Ended): readonly Finding[] {
  const { store } = scene.deployment.database;
  const perMinute = limit('run_starts_per_minute');
  const starts = store.audit.filter(
    ({ action, outcome, details }) =>
      action === 'run.start' && outcome === 'ok' && details.deduplicated !== true,
  );
  const byTenant = Map.groupBy(starts, ({ target }) => store.rows.get(target ?? '')?.tenant);
  return [...byTenant].flatMap(([tenant, events]) =>
    events.flatMap(({ at: from }, first) =>
      events
        .slice(first)
        .map(({ at }, index) => ({ started: index + 1, withinMs: at - from }))
        .filter(
          ({ started, withinMs }) => started > perMinute + (withinMs + ROW_SLACK_MS) * (perMinute / 60_000),
        )
        .map(({ started, withinMs }) =>
          finding('rates', `${tenant} started ${started} runs within ${Math.round(withinMs)} ms`),
        ),
    ),
  );
}

function finding(invariant: Finding['invariant'], what: string): Finding {
  return { invariant, what };
}
