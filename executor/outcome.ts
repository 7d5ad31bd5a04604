import { describeQuantity } from '../protocol/describe-quantity.ts';
import { LIMITS, type LimitName } from '../protocol/limits.ts';
import type { RunLimits } from '../protocol/manifest.ts';
import type { Outcome, RunError } from '../protocol/outcome.ts';
import type { EndFacts } from './sandbox/engine.ts';

/** Why the executor itself stopped a run; null where it ended by itself. */
export type Stop = 'wall' | 'cancel' | 'flood' | null;

export interface EndOfRun {
  readonly stop: Stop;
  readonly facts: EndFacts;
  readonly limits: RunLimits;
  /** The file that ran, relative to /repo. */
  readonly entry: string;
  /** What the program's stderr ended with, if that was a traceback. */
  readonly error: RunError | null;
  /** Where faulthandler found the program shortly before its time was over. */
  readonly stoodAt: { readonly path: string; readonly line: number } | null;
  readonly ranMs: number;
  /** The cap of the harvest that left files behind. */
  readonly harvestLimit: 'run_harvest_files' | 'run_harvest_bytes' | null;
  /** stdout or stderr had more than was kept. */
  readonly isCut: boolean;
}

export type Decision = Pick<Outcome, 'state' | 'exit_code' | 'limit' | 'error' | 'message'>;

/** gVisor dies with these words when the host refuses it a thread (pids cgroup). */
const THREAD_PANIC =
  /first thread|resource temporarily unavailable|failed to create new OS thread|pthread_create/i;

/**
 * A program that says EAGAIN was refused a process if it was seen to have at least this part of its limit: some of them may
 * have ended, refused like itself, before we looked.
 */
const FORKS_SEEN_OF_LIMIT = 0.25;

const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

function quantity(name: LimitName, value: number): string {
  return describeQuantity(value, LIMITS[name].unit);
}

function place(error: { readonly path: string | null; readonly line: number | null } | null): string {
  return error === null || error.path === null || error.line === null
    ? ''
    : ` at line ${error.line} of ${error.path}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

const FOLDERS = [
  ['run_tmp', '/tmp'],
  ['run_shared_memory', '/dev/shm'],
] as const;

/** Which folder the program filled, as the limit that bounds it. */
function filled(facts: EndFacts, limits: RunLimits): { name: LimitName; value: number } | null {
  if (facts.outputsFull === 'bytes') return { name: 'run_outputs_bytes', value: limits.outputs_bytes };
  if (facts.outputsFull === 'inodes') return { name: 'run_outputs_inodes', value: limits.outputs_inodes };
  if (facts.tmpFull === 'bytes') return { name: 'run_tmp_bytes', value: limits.tmp_bytes };
  if (facts.tmpFull === 'inodes') return { name: 'run_tmp_inodes', value: limits.tmp_inodes };
  if (facts.reportedCause === 'shared_memory_full')
    return { name: 'run_shared_memory_bytes', value: LIMITS.run_shared_memory_bytes.value };
  return null;
}

function failure(end: EndOfRun): string {
  const { exitCode } = end.facts;
  if (end.error !== null) {
    // Quoted: it is text of the program, inside of a sentence of ours.
    const [said = ''] = end.error.message.replaceAll('`', "'").split('\n');
    return `${end.error.type}${place(end.error)}${said === '' ? '' : `: \`${said}\``}`;
  }
  if (exitCode === null) return 'The sandbox ended without an exit code.';
  const signal = exitCode > 128 ? SIGNALS[exitCode - 128] : undefined;
  return signal === undefined
    ? `${end.entry} ended with exit code ${exitCode}.`
    : `${end.entry} ended with exit code ${exitCode}, as ${signal} ends a program.`;
}

/**
 * How a run ended, from what was seen of it from outside: the reasons of the executor, the cgroup and the tmpfs come before
 * the exit code, and nothing that the program printed decides the state. The first that applies is the outcome.
 */
export function decideOutcome(end: EndOfRun): Decision {
  return (
    cancelled(end) ??
    killedForMemory(end) ??
    stoppedByUs(end) ??
    refusedThreads(end) ??
    failed(end) ??
    leftTooMuch(end) ??
    succeeded(end)
  );
}

/**
 * Whether the sandbox died, for a reason of its host, before the first line of the program: such an attempt repeats nothing when
 * it is made again. A hostile program that hides that it began gets the attempts that any run has, and no outcome.
 */
export function neverBegan({ stop, facts }: Pick<EndOfRun, 'stop' | 'facts'>): boolean {
  return !facts.hasBegun && stop === null && facts.oomKills === 0 && !isThreadPanic(facts);
}

const STOPPED = { exit_code: null, error: null } as const;

function cancelled({ stop, ranMs }: EndOfRun): Decision | null {
  if (stop !== 'cancel') return null;
  return { ...STOPPED, state: 'cancelled', limit: null, message: `Cancelled after ${seconds(ranMs)}.` };
}

/** By the kernel: for the memory of one program, or for that of more processes than a run may have. */
function killedForMemory(end: EndOfRun): Decision | null {
  const { facts, limits } = end;
  if (facts.oomKills === 0) return null;
  if (facts.forksRefused === 0 && facts.processesPeak < limits.processes) return outOfMemory(end, null);
  const memory = quantity('run_memory_bytes', limits.memory_bytes);
  return outOfProcesses(end, null, `, and so many used up the ${memory} of memory`);
}

function stoppedByUs({ stop, limits, stoodAt }: EndOfRun): Decision | null {
  switch (stop) {
    case 'wall':
      return {
        ...STOPPED,
        state: 'timed_out',
        limit: { name: 'run_wall_ms', value: limits.wall_ms },
        message: `Stopped after ${quantity('run_wall_ms', limits.wall_ms)}${place(stoodAt)}.`,
      };
    case 'flood':
      return {
        ...STOPPED,
        state: 'output_limit',
        limit: { name: 'run_stream_bytes', value: limits.stream_bytes },
        message: `Stopped: it wrote far more to stdout, stderr and its progress than the ${quantity('run_stream_bytes', limits.stream_bytes)} of each that are kept. Write results to /outputs.`,
      };
    default:
      return null;
  }
}

/** The engine itself was refused a thread by the pids cgroup. */
function refusedThreads(end: EndOfRun): Decision | null {
  return isThreadPanic(end.facts) ? outOfProcesses(end, null) : null;
}

function isThreadPanic({ enginePanic }: EndFacts): boolean {
  return enginePanic !== null && THREAD_PANIC.test(enginePanic);
}

/** The program ended with another exit code than 0: for a limit that it met, or by itself. */
function failed(end: EndOfRun): Decision | null {
  const { facts, limits, error } = end;
  const { exitCode: exit_code, reportedCause } = facts;
  if (exit_code === 0) return null;
  if (reportedCause === 'memory_error') return outOfMemory(end, error);
  if (reportedCause === 'process_error' || facts.forksRefused > 0) return outOfProcesses(end, error);
  if (reportedCause === 'try_again' && facts.processesPeak >= limits.processes * FORKS_SEEN_OF_LIMIT)
    return outOfProcesses(end, error);
  const full = filled(facts, limits);
  if (full === null) return { state: 'failed', exit_code, limit: null, error, message: failure(end) };
  const folder = FOLDERS.find(([prefix]) => full.name.startsWith(prefix))?.[1] ?? '/outputs';
  const most = `${quantity(full.name, full.value)}${full.name.endsWith('inodes') ? ' files' : ''}`;
  const message = `${folder} is full${place(error)}: it takes ${most}.`;
  return { state: 'output_limit', exit_code, limit: full, error, message };
}

/** The harvest left files behind. */
function leftTooMuch({ harvestLimit }: EndOfRun): Decision | null {
  if (harvestLimit === null) return null;
  const { value } = LIMITS[harvestLimit];
  const most =
    harvestLimit === 'run_harvest_files' ? `${value} files` : `${quantity(harvestLimit, value)} in all`;
  return {
    state: 'output_limit',
    exit_code: 0,
    limit: { name: harvestLimit, value },
    error: null,
    message: `It left more in /outputs than is kept (${most}); what fitted is there.`,
  };
}

/** A program may go on after it met a limit, which is told. */
function succeeded({ facts, limits, isCut, ranMs }: EndOfRun): Decision {
  const cut = isCut ? { name: 'run_stream_bytes' as const, value: limits.stream_bytes } : null;
  const limit = cut ?? filled(facts, limits);
  const note =
    limit === null
      ? ''
      : ` It met a limit: ${LIMITS[limit.name].says}, ${quantity(limit.name, limit.value)}.`;
  return {
    state: 'succeeded',
    exit_code: 0,
    limit,
    error: null,
    message: `Finished in ${seconds(ranMs)}.${note}`,
  };
}

function outOfMemory({ limits }: EndOfRun, error: RunError | null): Decision {
  const memory = quantity('run_memory_bytes', limits.memory_bytes);
  return {
    state: 'out_of_memory',
    exit_code: null,
    error,
    limit: { name: 'run_memory_bytes', value: limits.memory_bytes },
    message: `Ran out of memory${place(error)}: this run may use ${memory}. Ask for more with memory_mb, or hold less at a time.`,
  };
}

function outOfProcesses({ limits }: EndOfRun, error: RunError | null, more = ''): Decision {
  return {
    state: 'process_limit',
    exit_code: null,
    error,
    limit: { name: 'run_processes', value: limits.processes },
    message: `Stopped${place(error)}: a run may have ${limits.processes} processes and threads at a time${more}.`,
  };
}
