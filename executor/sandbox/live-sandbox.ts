import { statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { CgroupFacts, CgroupGroup, CgroupLimits } from './cgroup-group.ts';
import type { Container } from './driver.ts';
import type { EndFacts, Folders, Go, Sandbox, SandboxLimits, SandboxSpec } from './engine.ts';
import { resizeFolder, unmountUnder } from './mounts.ts';
import type { Pipes } from './pipes.ts';
import { lineSplitter, readReportLine } from './report-lines.ts';
import { stopSentry } from './sentry.ts';

/** The kernel's OOM killer may take a part of the engine and leave the rest waiting, so it is looked for. */
const WATCH_POLL_MS = 200;
const DEATH_TIMEOUT_MS = 10_000;
const GONE_TIMEOUT_MS = 2_000;
const DEATH_POLL_MS = 2;
const REMOVE_TIMEOUT_MS = 1_000;
const STACKS_TIMEOUT_MS = 1_500;
const STACKS_POLL_MS = 5;
const STACKS_CHARS_MAX = 16 * 1024;
const REPORT_BYTES_MAX = 256 * 1024;
const REPORT_BYTES_READ_MAX = 8 * 1024 * 1024;
const LINE_CHARS_MAX = 4096;
const PANIC_CHARS_MAX = 2000;
const WORDS_CHARS_MAX = 600;

export interface LiveParts {
  readonly id: string;
  readonly dir: string;
  readonly folders: Folders;
  readonly pipes: Pipes;
  readonly group: CgroupGroup;
  readonly container: Container;
  readonly spec: SandboxSpec;
  /** Whether RLIMIT_NPROC counts the processes of this sandbox alone. */
  readonly countsProcessesInside: boolean;
}

export interface Live {
  readonly sandbox: Sandbox;
  /** Resolves null when its imports are done and {@link attach} is waited for, or with the sentence why that never will be. */
  imported(timeoutMs: number): Promise<string | null>;
  /** Lets it become a sandbox of its own; it may be said before it is waited for. */
  attach(): void;
  /** Resolves null when it waits for its order, or with the sentence why it never will. */
  ready(timeoutMs: number): Promise<string | null>;
}

/** SIGKILL to all of a group until nothing is left in it; true when it is empty. */
export async function endProcesses(group: Pick<CgroupGroup, 'kill' | 'processes'>): Promise<boolean> {
  const until = performance.now() + DEATH_TIMEOUT_MS;
  for (;;) {
    group.kill();
    if (group.processes().length === 0) return true;
    if (performance.now() > until) return false;
    await delay(DEATH_POLL_MS);
  }
}

/** The kernel takes a moment to forget the last process; what is busy beyond that is a fault and thrown. */
export async function removeGroup(group: Pick<CgroupGroup, 'remove'>): Promise<void> {
  const until = performance.now() + REMOVE_TIMEOUT_MS;
  for (;;) {
    try {
      return group.remove();
    } catch (error) {
      if (performance.now() > until) throw error;
      await delay(DEATH_POLL_MS);
    }
  }
}

/** What a tmpfs has none left of. A program that was refused a byte or a name has left it so, or has cleaned up. */
function fullness(folder: string): 'bytes' | 'inodes' | null {
  try {
    const { bfree, ffree } = statfsSync(folder);
    if (ffree === 0) return 'inodes';
    return bfree === 0 ? 'bytes' : null;
  } catch {
    return null;
  }
}

/**
 * One sandbox from its spawned process to its removal. A run's end is known by the first of: the program's own word (on
 * its report pipe, which it could equally give by exiting), the death of the container, the OOM killer, or {@link
 * Sandbox.stop}. Then everything in the cgroup is frozen, which takes half a millisecond where dying takes 20 to 30, and
 * is only thawed by the SIGKILL that ends it: nothing inside runs another instruction, so what it left is final.
 */
export function liveSandbox(parts: LiveParts): Live {
  const { container, group, pipes, folders, spec } = parts;
  const ended = Promise.withResolvers<EndFacts>();
  const imported = Promise.withResolvers<string | null>();
  const waiting = Promise.withResolvers<string | null>();
  const gone = Promise.withResolvers<void>();
  let claimedCpuMs = 0;
  let waitingTasks = 0;
  let tasksPeak = 0;
  let oomKills = 0;
  let forksRefused = 0;
  let stacks = '';
  let ending = false;
  let isReady = false;
  let watchPoll: NodeJS.Timeout | undefined;
  let destroyed: Promise<void> | null = null;
  let wakeUp = (): void => {};

  /** Some engines remove a part of the group as soon as it is empty, and its counts with it: the highest seen are kept. */
  const look = (): CgroupFacts => {
    const facts = group.facts();
    oomKills = Math.max(oomKills, facts.oomKills);
    forksRefused = Math.max(forksRefused, facts.forksRefused);
    tasksPeak = Math.max(tasksPeak, facts.tasks);
    return facts;
  };

  const end = async (exitCode: number | null, cause: EndFacts['reportedCause']): Promise<void> => {
    if (ending) return;
    ending = true;
    clearInterval(watchPoll);
    if (!(await group.freeze())) await endProcesses(group);
    for (const pipe of [pipes.report, pipes.stdout, pipes.stderr, pipes.progress]) pipe.drain();
    const facts = look();
    // Ended before we came: an engine may have removed its part of the group with all counts, and knows of a kill itself.
    if (facts.tasks === 0) await Promise.race([gone.promise, delay(GONE_TIMEOUT_MS, null, { ref: false })]);
    const panic = exitCode === 0 ? '' : await container.panic();
    ended.resolve({
      exitCode,
      reportedCause: cause,
      stacks,
      oomKills,
      forksRefused,
      processesPeak: Math.max(0, tasksPeak - waitingTasks),
      enginePanic: panic === '' ? null : panic.slice(0, PANIC_CHARS_MAX),
      outputsFull: fullness(folders.outputs),
      tmpFull: fullness(folders.tmp),
      cpuMs: facts.cpuMs === null ? null : Math.max(0, facts.cpuMs - claimedCpuMs),
      memoryPeakBytes: facts.memoryPeakBytes,
    });
  };

  const readLine = lineSplitter(LINE_CHARS_MAX, (text) => {
    const line = readReportLine(text);
    if (line.kind === 'imported') imported.resolve(null);
    else if (line.kind === 'ready') {
      // The program can say it again.
      if (isReady) return;
      isReady = true;
      pipes.attached();
      waiting.resolve(null);
    } else if (line.kind === 'exit') void end(line.exitCode, line.cause);
    else if (stacks.length < STACKS_CHARS_MAX) stacks += `${line.text}\n`;
  });
  let reportBytes = 0;
  pipes.report.socket.on('data', (chunk: Buffer) => {
    reportBytes += chunk.length;
    // The harness never says so much: the program writes here, and from now on to nobody. A pipe without a reader would
    // leave it waiting under gVisor, which it may well do to itself, but later: reading costs the host.
    if (reportBytes > REPORT_BYTES_READ_MAX) pipes.report.socket.pause();
    else if (reportBytes <= REPORT_BYTES_MAX) readLine(chunk);
  });
  const watch = (): void => {
    if (look().oomKills > 0) void end(null, null);
  };
  const neverReady = (reason: string): void => {
    imported.resolve(reason);
    waiting.resolve(reason);
  };
  container.exited.then(
    (exit) => {
      gone.resolve();
      if (exit.isOomKill) oomKills = Math.max(oomKills, 1);
      void end(exit.exitCode, null);
      void container
        .words()
        .then((words) =>
          neverReady(
            `the sandbox ended with ${exit.exitCode} before it was ready: ${words.slice(-WORDS_CHARS_MAX)}`,
          ),
        );
    },
    (error: Error) => {
      neverReady(error.message);
      gone.resolve();
    },
  );

  /**
   * A sandbox that was ready ends with its processes, and the engine sees that. One that is still becoming may have no
   * process in the cgroup yet, so the engine's part of it is ended as well.
   */
  const destroy = async (): Promise<void> => {
    ending = true;
    clearInterval(watchPoll);
    if (!isReady) container.kill();
    await endProcesses(group);
    const timeout = delay(DEATH_TIMEOUT_MS, false, { ref: false });
    const isOrderly = await Promise.race([gone.promise.then(() => isReady), timeout]);
    if (!isOrderly) {
      container.kill();
      await endProcesses(group);
    }
    await container.forget(isOrderly);
    pipes.close();
    await unmountUnder(parts.dir);
    await removeGroup(group);
    await rm(parts.dir, { recursive: true, force: true });
  };

  const askWhereItStands = async (): Promise<void> => {
    await Promise.race([container.signal('USR1'), ended.promise]);
    // From its sending on: on a busy host the engine's command takes longer than the answer.
    const until = performance.now() + STACKS_TIMEOUT_MS;
    while (stacks === '' && !ending && performance.now() < until) await delay(STACKS_POLL_MS);
  };

  const sandbox: Sandbox = {
    id: parts.id,
    folders,
    stdout: pipes.stdout.socket,
    stderr: pipes.stderr.socket,
    progress: pipes.progress.socket,
    ended: ended.promise,
    rest() {
      wakeUp = stopSentry(group);
    },
    async claim(limits) {
      wakeUp();
      if (!isBoundedAlike(limits, spec.limits)) group.setLimits(limits);
      group.setPriority('run');
      const { cpuMs, tasks } = group.use();
      claimedCpuMs = cpuMs ?? 0;
      waitingTasks = tasks;
      await resizeWhereAsked(folders, spec.limits, limits);
    },
    go(order) {
      watchPoll = setInterval(watch, WATCH_POLL_MS);
      pipes.writeStdin(JSON.stringify(orderLine(order, parts.countsProcessesInside)));
    },
    askWhereItStands,
    stop: () => void end(null, null),
    destroy: () => {
      destroyed ??= destroy();
      return destroyed;
    },
  };
  const within = (timeoutMs: number, stage: Promise<string | null>) =>
    Promise.race([
      stage,
      delay(timeoutMs, `the sandbox was not ready after ${timeoutMs / 1000} s`, { ref: false }),
    ]);
  return {
    sandbox,
    imported: (timeoutMs) => within(timeoutMs, imported.promise),
    attach: () => pipes.writeStdin('attach'),
    ready: (timeoutMs) => within(timeoutMs, waiting.promise),
  };
}

/** The order as harness.py reads it. */
function orderLine(order: Go, countsProcessesInside: boolean) {
  return {
    entry: order.entry,
    environment: order.environment,
    seed: order.seed,
    memory_bytes: order.memoryBytes,
    processes_max: countsProcessesInside ? order.processesMax : null,
  };
}

function isBoundedAlike(asked: CgroupLimits, made: CgroupLimits): boolean {
  return (
    asked.memoryBytes === made.memoryBytes &&
    asked.processesMax === made.processesMax &&
    asked.cpuCores === made.cpuCores
  );
}

async function resizeWhereAsked(folders: Folders, made: SandboxLimits, asked: SandboxLimits): Promise<void> {
  if (asked.outputsBytesMax !== made.outputsBytesMax || asked.outputsInodesMax !== made.outputsInodesMax)
    await resizeFolder(folders.outputs, asked.outputsBytesMax, asked.outputsInodesMax);
  if (asked.tmpBytesMax !== made.tmpBytesMax || asked.tmpInodesMax !== made.tmpInodesMax)
    await resizeFolder(folders.tmp, asked.tmpBytesMax, asked.tmpInodesMax);
}
