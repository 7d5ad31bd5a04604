import type { RunControl } from '../executor/run-job.ts';
import { type Serving, serveRuns } from '../executor/serve-runs.ts';
import type { ExecutorId } from '../protocol/ids.ts';
import type { Labels } from '../protocol/labels.ts';
import type { FromExecutor, Job, Offer, ToExecutor } from '../protocol/messages.ts';
import { EMPTY_STREAM, type Outcome } from '../protocol/outcome.ts';
import { PROTOCOL_VERSION } from '../protocol/version.ts';
import type { Deployment } from './deployment.ts';
import { dial, proofOf } from './dial.ts';
import type { ClientSocket, Cut } from './objects/link.ts';
import { Actor, type World } from './world.ts';

export const IMAGE = `sha256:${'a'.repeat(64)}` as Offer['image'];
const PREPARE_MS = 5;
const DESTROY_MS = 20;
const CRASHED_BACK_MS = 2_000;
const DISK_FULL = 'its disk is full';
/** The version of the protocol that brought the message `draining`. */
const DRAINING_SINCE = 2;

/** What a run of a simulation does; it stands in its parameters. */
export interface Behaviour {
  readonly runMs: number;
  readonly ends: 'succeeded' | 'failed' | 'kills its executor';
}

/** What a host is, whatever happens to it. */
export interface HostPlan {
  readonly slots: number;
  readonly labels: Labels;
  /** Of the tenant whose own host it is; null for one of the platform. */
  readonly owner: number | null;
  /** The version of its program, beside that of the deployment; until it is updated. */
  readonly skew: -1 | 0 | 1;
}

/**
 * A host: the executor's own connection and bookkeeping, over a simulated socket, with a sandbox that only takes time. It
 * starts and dies as often as it is told to.
 */
export class SimulatedExecutor {
  readonly id: ExecutorId;
  readonly plan: HostPlan;
  /** See {@link HostPlan.skew}. */
  skew: HostPlan['skew'];
  /** Attempts that it works on, as `run fence`. */
  readonly working = new Set<string>();
  clockOffsetMs = 0;
  /** It was told to end, and may have said goodbye. */
  hasStopped = false;
  /** Told of each message that arrives here. */
  onMessage: (message: ToExecutor) => void = () => {};
  private readonly world: World;
  private readonly deployment: Deployment;
  private process: { readonly actor: Actor; readonly serving: Serving } | null = null;
  private socket: ClientSocket | null = null;
  private isFull = false;
  private starts = 0;
  private nonces = 0;

  constructor(deployment: Deployment, id: ExecutorId, plan: HostPlan) {
    this.world = deployment.world;
    this.deployment = deployment;
    this.id = id;
    this.plan = plan;
    this.skew = plan.skew;
  }

  get isUp(): boolean {
    return this.process !== null;
  }

  /** It takes no further runs, for good or for now. */
  get isDraining(): boolean {
    return this.process?.serving.live().draining ?? false;
  }

  /** Called in an event; nothing where it runs already. */
  start(): void {
    if (this.process !== null) return;
    const actor = new Actor(`${this.id} start ${++this.starts}`);
    actor.clockOffsetMs = this.clockOffsetMs;
    this.world.become(actor);
    const serving = serveRuns({
      dial: (authorization) => this.dial(actor, authorization) as never,
      identity: {
        pool: '',
        executor: this.id,
        accepted: () => {},
        refused: () => {},
        authorization: (nowSeconds) => proofOf(this.id, nowSeconds, ++this.nonces),
      },
      offer: offerOf(this.plan),
      version: 'simulated',
      perform: (job, control) => this.perform(actor, job, control),
      onWelcome: () => {},
      onStanding: () => {},
      log: () => {},
    });
    this.process = { actor, serving };
    if (this.isFull) serving.pause(DISK_FULL);
  }

  /** kill -9: the kernel closes its socket, or, where the whole machine went, nobody does. */
  kill(how: Cut): void {
    if (this.process === null) return;
    this.process.actor.isAlive = false;
    this.process = null;
    this.working.clear();
    this.socket?.link?.cut(how);
    this.socket = null;
  }

  /** SIGTERM: it gives up its runs and says goodbye. */
  stop(): void {
    if (this.process === null) return;
    const { actor, serving } = this.process;
    this.process = null;
    this.hasStopped = true;
    this.world.become(actor);
    void serving.stop().then(() => {
      actor.isAlive = false;
    });
  }

  /** SIGUSR2: it takes no further runs, ends when it has none, and is started again, maybe with another program. */
  drain(backMs: number, skew = this.skew): void {
    if (this.process === null) return;
    const { actor, serving } = this.process;
    this.world.become(actor);
    void serving.drain().then(() => {
      if (this.process?.actor !== actor) return;
      this.skew = skew;
      this.stop();
      this.world.at(backMs, this.world.machine, () => this.start());
    });
  }

  /** Its disk fills, or has room again. */
  fillDisk(isFull: boolean): void {
    if (this.isFull === isFull) return;
    this.isFull = isFull;
    if (this.process === null) return;
    this.world.become(this.process.actor);
    this.process.serving.pause(isFull ? DISK_FULL : null);
  }

  cut(how: Cut): void {
    this.socket?.link?.cut(how);
  }

  stall(forMs: number): void {
    this.socket?.link?.stall(forMs);
  }

  setClock(offsetMs: number): void {
    this.clockOffsetMs = offsetMs;
    if (this.process !== null) this.process.actor.clockOffsetMs = offsetMs;
  }

  private dial(actor: Actor, authorization: string): ClientSocket {
    const socket = dial(this.deployment, actor, authorization);
    this.socket = socket;
    if (this.skew !== 0) speakAs(socket, PROTOCOL_VERSION + this.skew);
    socket.on('message', (data: Buffer) => this.onMessage(JSON.parse(data.toString()) as ToExecutor));
    return socket;
  }

  /** The place of `runJob`: blobs first, then time, then an outcome that says whose it is. */
  private async perform(actor: Actor, job: Job, control: RunControl): Promise<void> {
    const attempt = `${job.run} ${job.fence}`;
    this.working.add(attempt);
    try {
      await this.world.sleep(PREPARE_MS);
      const isMissing = job.blobs.some(
        ({ sha256 }) => this.isScratch(job, sha256) && !this.deployment.blobs.has(`${job.tenant}/${sha256}`),
      );
      if (isMissing || this.deployment.climate.now.blobsFail) {
        if (!control.abandoned.aborted)
          control.report({ kind: 'refused', code: 'input_unavailable', reason: 'a blob is missing' });
        return;
      }
      control.started(0);
      const { runMs, ends } = job.manifest.parameters as unknown as Behaviour;
      const stopped = new Promise<void>((resolve) => {
        control.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.race([this.world.sleep(control.signal.aborted ? 0 : runMs), stopped]);
      if (control.abandoned.aborted) return;
      if (ends === 'kills its executor' && !control.signal.aborted) return this.die();
      const state = control.signal.aborted ? 'cancelled' : ends;
      control.report({ kind: 'outcome', outcome: outcomeOf(state as Outcome['state'], attempt, this.id) });
      await this.world.sleep(DESTROY_MS);
    } finally {
      if (actor.isAlive) this.working.delete(attempt);
    }
  }

  private isScratch(job: Job, sha256: string): boolean {
    return job.manifest.kind === 'scratch' && job.manifest.files.some((file) => file.sha256 === sha256);
  }

  private die(): void {
    this.kill('break');
    this.world.at(CRASHED_BACK_MS, this.world.machine, () => this.start());
  }
}

/** What an outcome prints: which attempt made it, and where. */
export function signatureOf(run: string, fence: number, executor: string): string {
  return `${run} ${fence} by ${executor}`;
}

function outcomeOf(state: Outcome['state'], attempt: string, executor: string): Outcome {
  const [run = '', fence] = attempt.split(' ');
  const inline = signatureOf(run, Number(fence), executor);
  const bytes = inline.length;
  return {
    ...{ state, exit_code: state === 'succeeded' ? 0 : 1, limit: null, error: null, message: 'It is over.' },
    stdout: { inline, bytes, kept_bytes: bytes, truncated: false, sha256: null },
    stderr: EMPTY_STREAM,
    ...{ outputs: [], refused_outputs: [] },
    timings: { prepared_ms: PREPARE_MS, first_output_ms: null, finished_ms: 1, reported_ms: 1 },
    usage: { cpu_ms: null, memory_peak_bytes: null },
    sandbox: { engine: 'simulated', image: IMAGE, warm: true },
  };
}

function offerOf({ slots, labels }: HostPlan): Offer {
  return {
    ...{ engine: 'gvisor', engine_version: 'simulated', image: IMAGE, python: '3.13' },
    ...{ packages: [], absent: [], slots, labels },
  };
}

/** Has a socket say what a program of another version would: its number, and no message that came later. */
function speakAs(socket: ClientSocket, protocol: number): void {
  const send = socket.send.bind(socket);
  socket.send = (text) => {
    const message = JSON.parse(text) as FromExecutor;
    if (message.type === 'draining' && protocol < DRAINING_SINCE) return;
    send(message.type === 'hello' ? JSON.stringify({ ...message, protocol }) : text);
  };
}
