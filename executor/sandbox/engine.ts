import type { Readable } from 'node:stream';
import type { Offer } from '../../protocol/messages.ts';
import type { ReportedCause } from './report-lines.ts';

/** What a sandbox may use; each becomes a cgroup limit, an rlimit or the size of a tmpfs. */
export interface SandboxLimits {
  readonly memoryBytes: number;
  readonly processesMax: number;
  readonly cpuCores: number;
  readonly outputsBytesMax: number;
  readonly outputsInodesMax: number;
  readonly tmpBytesMax: number;
  readonly tmpInodesMax: number;
}

export interface SandboxSpec {
  readonly limits: SandboxLimits;
  /** All of the environment that the program starts with, beside what the image asks for. */
  readonly environment: Readonly<Record<string, string>>;
  /** Python modules imported before the sandbox waits for its job; none for a cold start. */
  readonly imports: readonly string[];
  /** `background` yields CPU to runs until {@link Sandbox.claim}. */
  readonly priority: 'background' | 'run';
}

/** What a waiting sandbox is told, once; `harness.py` reads it as one JSON line. */
export interface Go {
  /** The file that runs, relative to /repo. */
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly memoryBytes: number;
  readonly processesMax: number;
}

/** The folders of the host that are bound into a sandbox; files and hard links may enter them after it started. */
export interface Folders {
  readonly repo: string;
  readonly data: string;
  readonly inputs: string;
  readonly outputs: string;
  readonly tmp: string;
}

/** What is known about an ended run from outside, and what the program said about itself (`reported`). */
export interface EndFacts {
  /** False where the sandbox ended before the first line of the program. (One that is hostile may hide that it began.) */
  readonly hasBegun: boolean;
  /** Null where the program was stopped, or died with its sandbox. */
  readonly exitCode: number | null;
  /** The program's own word on its failure: it can only blacken itself with it. */
  readonly reportedCause: ReportedCause;
  /** The stacks that faulthandler wrote when it was asked; empty for most runs. */
  readonly stacks: string;
  readonly oomKills: number;
  /** Forks and clones of the sandbox that the pids cgroup refused. */
  readonly forksRefused: number;
  /**
   * The most processes and threads of the host that were seen beyond those of the waiting sandbox; it is looked a few times
   * a second. Each process of the program costs at least one; under gVisor its threads may cost none.
   */
  readonly processesPeak: number;
  /** The engine's own panic, first lines; null where it did not panic. */
  readonly enginePanic: string | null;
  readonly outputsFull: 'bytes' | 'inodes' | null;
  readonly tmpFull: 'bytes' | 'inodes' | null;
  readonly cpuMs: number | null;
  readonly memoryPeakBytes: number | null;
}

/** A started sandbox that waits for its one job. Whoever gets it owns it and calls {@link destroy}. */
export interface Sandbox {
  readonly id: string;
  readonly folders: Folders;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** JSON lines of `causeway.progress()`. */
  readonly progress: Readable;
  /** Nothing will run in it any more: it has ended, or is about to. */
  readonly isOver: boolean;
  /** It uses no CPU at all until {@link claim}; it can be destroyed as before. */
  rest(): void;
  /** Wakes it and gives it a run's limits and full priority; before {@link go}. */
  claim(limits: SandboxLimits): Promise<void>;
  go(order: Go): void;
  /** Asks the program where it stands, for {@link EndFacts.stacks}; it may not answer. Bounded in time. */
  askWhereItStands(): Promise<void>;
  /** Stops every process of the sandbox for good, without a word to them. {@link ended} resolves. */
  stop(): void;
  /**
   * Resolves once, when no process of the sandbox can run any more (dead, or frozen until it is killed) and all that it
   * wrote was read: its folders and the facts are final.
   */
  readonly ended: Promise<EndFacts>;
  /** Kills, unmounts and removes all that belongs to it; may be called at any time and more than once. */
  destroy(): Promise<void>;
}

export type Started =
  | { readonly ok: true; readonly sandbox: Sandbox }
  | { readonly ok: false; readonly reason: string };

/** A start under way. */
export interface Starting {
  /** Resolves when the sandbox waits for its job; bounded in time. What failed or was aborted leaves nothing behind. */
  readonly started: Promise<Started>;
  /** Gives it the priority of a run: someone waits for it now. */
  hurry(): void;
  abort(): void;
}

/** A container engine. Each has one file, the only one that talks to it. */
export interface Engine {
  readonly name: Offer['engine'];
  readonly version: string;
  start(spec: SandboxSpec): Starting;
  /** Removes what the engine itself holds, after the last sandbox is destroyed. */
  close(): Promise<void>;
}
