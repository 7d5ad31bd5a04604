import type { RunControl } from '../executor/run-job.ts';
import { type Serving, serveRuns } from '../executor/serve-runs.ts';
import type { ExecutorId } from '../protocol/ids.ts';
import type { Job, Offer, ToExecutor } from '../protocol/messages.ts';
import { EMPTY_STREAM, type Outcome } from '../protocol/outcome.ts';
import type { Deployment } from './deployment.ts';
import { dial, proofOf } from './dial.ts';
import type { ClientSocket, Cut } from './objects/link.ts';
import { Actor, type World } from './world.ts';

export const IMAGE = `sha256:${'a'.repeat(64)}` as Offer['image'];
const PREPARE_MS = 5;
const DESTROY_MS = 20;
const CRASHED_BACK_MS = 2_000;

/** What a run of a simulation does; it stands in its parameters. */
export interface Behaviour {
  readonly runMs: number;
  readonly ends: 'succeeded' | 'failed' | 'kills its executor';
}

/**
 * A host: the executor's own connection and bookkeeping, over a simulated socket, with a sandbox that only takes time. It
 * starts and dies as often as it is told to.
 */
export class SimulatedExecutor {
  readonly id: ExecutorId;
  readonly slots: number;
  /** Attempts that it works on, as `run fence`. */
  readonly working = new Set<string>();
  clockOffsetMs = 0;
  /** Told of each message that arrives here. */
  onMessage: (message: ToExecutor) => void = () => {};
  private readonly world: World;
  private readonly deployment: Deployment;
  private process: { readonly actor: Actor; readonly serving: Serving } | null = null;
  private socket: ClientSocket | null = null;
  private starts = 0;
  private nonces = 0;

  constructor(deployment: Deployment, id: ExecutorId, slots: number) {
    this.world = deployment.world;
    this.deployment = deployment;
    this.id = id;
    this.slots = slots;
  }

  get isUp(): boolean {
    return this.process !== null;
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
      offer: offerOf(this.slots),
      version: 'simulated',
      perform: (job, control) => this.perform(actor, job, control),
      onWelcome: () => {},
      log: () => {},
    });
    this.process = { actor, serving };
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
    this.world.become(actor);
    void serving.stop().then(() => {
      actor.isAlive = false;
    });
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
        if (control.signal.reason !== 'abandon')
          control.report({ kind: 'refused', code: 'input_unavailable', reason: 'a blob is missing' });
        return;
      }
      control.started();
      const { runMs, ends } = job.manifest.parameters as unknown as Behaviour;
      const stopped = new Promise<void>((resolve) => {
        control.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.race([this.world.sleep(control.signal.aborted ? 0 : runMs), stopped]);
      if (control.signal.reason === 'abandon') return;
      if (ends === 'kills its executor' && control.signal.reason !== 'cancel') return this.die();
      const state = control.signal.reason === 'cancel' ? 'cancelled' : ends;
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

function offerOf(slots: number): Offer {
  return {
    ...{ engine: 'gvisor', engine_version: 'simulated', image: IMAGE, python: '3.13' },
    ...{ packages: [], absent: [], slots },
  };
}
