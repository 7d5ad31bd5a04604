import { newId, type RunId } from '../../protocol/ids.ts';
import type { ToExecutor } from '../../protocol/messages.ts';
import { Deployment } from '../../simulator/deployment.ts';
import { WebSocketPair } from '../../simulator/objects/link.ts';
import { tenantOf } from '../../simulator/schedule.ts';
import { SimulatedExecutor } from '../../simulator/simulated-executor.ts';
import { enterWorld, installGlobals } from '../../simulator/virtual-globals.ts';
import { Climate } from '../../simulator/weather.ts';
import { Actor, BEGIN_MS, World } from '../../simulator/world.ts';
import { runLimits, SEEDS } from '../../worker/runs/run-limits.ts';
import { rounded, type Summary, summarize } from '../measure/quantiles.ts';
import { CpuMeter, EMPTY } from './cpu-meter.ts';
import type { Scenario } from './scenarios.ts';

export interface Played {
  readonly scenario: Scenario;
  readonly runs: number;
  /** Not ended when the scenario was over and its queue had time to drain. */
  readonly unfinished: number;
  readonly attempts: number;
  /** From submission to the arrival of the job at its executor, ms of virtual time. */
  readonly delayMs: Summary;
  /** The same of the tenant with the flood and of all others; null where there is none. */
  readonly flood: { readonly flooder: Summary; readonly others: Summary } | null;
  /** Messages, calls and alarms that reached the pool, and messages that it sent, a virtual second. */
  readonly messagesPerSecond: number;
  readonly cpuUsPerMessage: number;
  /** The share of one core that the pool takes, of a machine like this one. */
  readonly share: number;
}

const SEED = 1;
/** The fleet connects, and everything is compiled. */
const WARM_MS = 20_000;
const DRAIN_MS = 600_000;
const BACK_MS_MAX = 60_000;
const EMPTY_EVERY_MS = 50;
const PROJECT = newId('project', 0, new Uint8Array(10));

installGlobals(WebSocketPair);

/** Plays a scenario in virtual time and measures real CPU. */
export async function playScenario(scenario: Scenario): Promise<Played> {
  const world = new World(SEED);
  enterWorld(world);
  const deployment = new Deployment(world, new Climate(world.random.fork(), 1));
  const meter = new CpuMeter(world, `EXECUTOR_POOL ${deployment.database.store.pool}`);
  world.beforeEach = () => meter.begin();
  world.afterEach = () => meter.end();
  const traffic = new Traffic(world, deployment, scenario);
  for (let index = 0; index < scenario.executors; index++) traffic.addExecutor(index);
  keepDoingNothing(world);

  await world.play(BEGIN_MS + WARM_MS);
  meter.reset();
  traffic.begin();
  await world.play(BEGIN_MS + WARM_MS + scenario.seconds * 1000);
  const [messages, cpuMs] = [traffic.messages, meter.ms];
  traffic.end();
  await drain(world, traffic);
  return traffic.report(messages, cpuMs);
}

/** Looks once a second: the end of the last run need not be known to the event. */
async function drain(world: World, traffic: Traffic): Promise<void> {
  const until = world.now + DRAIN_MS;
  while (traffic.unfinished > 0 && world.now < until) await world.play(world.now + 1_000);
}

function keepDoingNothing(world: World): void {
  const nobody = new Actor(EMPTY);
  const again = (): void => void world.at(EMPTY_EVERY_MS, nobody, again);
  again();
}

/** The runs of a scenario on their way, and what is counted of them. */
class Traffic {
  messages = 0;
  private readonly world: World;
  private readonly deployment: Deployment;
  private readonly scenario: Scenario;
  private readonly worker = new Actor('worker');
  private readonly submitted = new Map<string, { readonly at: number; readonly tenant: string }>();
  private readonly delays: { readonly tenant: string; readonly ms: number }[] = [];
  private isOver = false;

  constructor(world: World, deployment: Deployment, scenario: Scenario) {
    this.world = world;
    this.deployment = deployment;
    this.scenario = scenario;
    deployment.onArrival = () => this.messages++;
  }

  get unfinished(): number {
    return this.deployment.database.store.unfinishedCount;
  }

  addExecutor(index: number): void {
    const { world, deployment } = this;
    const id = newId('executor', index, new Uint8Array(10));
    deployment.database.store.enrol(id);
    const plan = { slots: this.scenario.slotsEach, labels: {}, owner: null, skew: 0 } as const;
    const executor = new SimulatedExecutor(deployment, id, plan);
    executor.onMessage = (message) => this.onMessage(message);
    // Beats of a fleet are spread over their interval, as its hosts started at different times.
    world.at(world.random.between(0, 5_000), world.machine, () => executor.start());
    this.keepDying(executor);
  }

  begin(): void {
    this.messages = 0;
    this.arrive();
    const { flood, seconds } = this.scenario;
    if (flood > 0)
      this.world.at(seconds * 100, this.world.machine, () => {
        for (let count = 0; count < flood; count++) this.submit(tenantOf(0));
      });
  }

  end(): void {
    this.isOver = true;
  }

  report(messages: number, cpuMs: number): Played {
    const rows = [...this.deployment.database.store.rows.values()];
    const { scenario } = this;
    const flooder = tenantOf(0);
    const delaysOf = (wanted: (tenant: string) => boolean) =>
      summarize(this.delays.filter(({ tenant }) => wanted(tenant)).map(({ ms }) => ms));
    return {
      scenario,
      runs: rows.length,
      unfinished: this.unfinished,
      attempts: rows.reduce((sum, { fence }) => sum + fence, 0),
      delayMs: delaysOf(() => true),
      flood:
        scenario.flood === 0
          ? null
          : {
              flooder: delaysOf((tenant) => tenant === flooder),
              others: delaysOf((tenant) => tenant !== flooder),
            },
      messagesPerSecond: rounded(messages / scenario.seconds),
      cpuUsPerMessage: rounded((cpuMs * 1000) / messages),
      share: rounded(cpuMs / (scenario.seconds * 1000)),
    };
  }

  private onMessage(message: ToExecutor): void {
    this.messages++;
    if (message.type !== 'job' || message.fence > 1) return;
    const submitted = this.submitted.get(message.run);
    if (submitted !== undefined)
      this.delays.push({ tenant: submitted.tenant, ms: this.world.now - submitted.at });
  }

  private arrive(): void {
    const { runsPerSecond, burst, tenants, flood } = this.scenario;
    const { world } = this;
    world.at(world.random.exponential((1000 * burst) / runsPerSecond), world.machine, () => {
      if (this.isOver) return;
      const tenant = tenantOf(world.random.between(flood > 0 ? 1 : 0, tenants - 1));
      for (let count = 0; count < burst; count++) this.submit(tenant);
      this.arrive();
    });
  }

  /** What `startRun` does, without the Worker around it and without the quota of a tenant's queue. */
  private submit(tenant: ReturnType<typeof tenantOf>): void {
    const { world, deployment } = this;
    const { pool } = deployment.database.store;
    const run: RunId = newId('run', Math.floor(world.now));
    const runMs = Math.round(world.random.exponential(this.scenario.runMsMean));
    const caller = { tenant, user: tenant, kind: 'api_token', credential: 'tok' };
    const answer = deployment.database.store.queue(
      {
        ...{ run, project: PROJECT, kind: 'model', entry: 'model.py', scratch: null },
        ...{ parameters: { run, runMs, ends: 'succeeded' }, limits: runLimits({}), seeds: SEEDS },
        ...{ queued_max: Number.POSITIVE_INFINITY, idempotency: null },
      },
      caller,
      world.now,
    );
    this.submitted.set(run, { at: world.now, tenant });
    this.messages++;
    const submission = {
      ...{
        place: { pool, own: false, labels: {} },
        user: tenant,
        tenant,
        run,
        fence: 1,
        manifest: answer.manifest,
        inline: {},
      },
      ...{ ephemeral: false, revokedExecutors: [] },
    };
    void deployment.host('EXECUTOR_POOL', pool).call(this.worker, 'submit', [submission, 0]);
  }

  private keepDying(executor: SimulatedExecutor): void {
    const { deathsPerHour } = this.scenario;
    const { world } = this;
    if (deathsPerHour === 0) return;
    world.at(world.random.exponential(3_600_000 / deathsPerHour), world.machine, () => {
      executor.kill(world.random.pick(['break', 'silence']));
      world.at(world.random.between(1_000, BACK_MS_MAX), world.machine, () => executor.start());
      this.keepDying(executor);
    });
  }
}
