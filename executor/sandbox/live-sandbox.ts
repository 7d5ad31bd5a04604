import { statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { becoming } from './becoming.ts';
import { type CgroupGroup, isBoundedAlike } from './cgroup-group.ts';
import type { Container } from './driver.ts';
import { DEATH_TIMEOUT_MS, endProcesses, removeGroup } from './end-group.ts';
import type { EndFacts, Folders, Go, Sandbox, SandboxSpec } from './engine.ts';
import { keepCounts } from './keep-counts.ts';
import { resizeFolders, unmountUnder } from './mounts.ts';
import type { Pipes } from './pipes.ts';
import { readReport } from './read-report.ts';
import { stopSentry } from './sentry.ts';

/** The kernel's OOM killer may take a part of the engine and leave the rest waiting, so it is looked for. */
const WATCH_POLL_MS = 200;
const GONE_TIMEOUT_MS = 2_000;
const STACKS_TIMEOUT_MS = 1_500;
const STACKS_POLL_MS = 5;
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

/**
 * One sandbox from its spawned process to its removal: it becomes ready, rests, is claimed, goes, ends, and is destroyed. A
 * run's end is known by the first of: the program's own word (on its report pipe, which it could equally give by exiting),
 * the death of the container, the OOM killer, or {@link Sandbox.stop}.
 */
export function liveSandbox(parts: LiveParts): Live {
  const { container, group, pipes, folders, spec } = parts;
  const stages = becoming();
  const counts = keepCounts(group);
  const gone = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<EndFacts>();
  let isEnding = false;
  let watching: NodeJS.Timeout | undefined;
  let wakeUp = (): void => {};
  let destroyed: Promise<void> | null = null;

  // become
  const report = readReport(pipes.report, {
    imported: stages.imported,
    ready() {
      if (stages.ready()) pipes.attached();
    },
    exit: () => void end(null),
  });
  container.exited.then(
    (exit) => {
      gone.resolve();
      if (exit.isOomKill) counts.sawOomKill();
      void end(exit.exitCode);
      void container.words().then((words) => stages.never(endedTooSoon(exit.exitCode, words)));
    },
    (error: Error) => {
      stages.never(error.message);
      gone.resolve();
    },
  );

  const claim: Sandbox['claim'] = async (limits) => {
    wakeUp();
    if (!isBoundedAlike(limits, spec.limits)) group.setLimits(limits);
    group.setPriority('run');
    // What the OOM killer took while it waited is nothing that a run did.
    if (counts.begin().oomKills > 0) void end(null);
    await resizeFolders(folders, spec.limits, limits);
  };

  const go = (order: Go): void => {
    watching = setInterval(() => {
      counts.look();
      if (counts.oomKills > 0) void end(null);
    }, WATCH_POLL_MS);
    pipes.writeStdin(JSON.stringify(orderLine(order, parts.countsProcessesInside)));
  };

  const askWhereItStands = async (): Promise<void> => {
    await Promise.race([container.signal('USR1'), ended.promise]);
    // From its sending on: on a busy host the engine's command takes longer than the answer.
    const until = performance.now() + STACKS_TIMEOUT_MS;
    while (report.stacks === '' && !isEnding && performance.now() < until) await delay(STACKS_POLL_MS);
  };

  const end = async (seenExitCode: number | null): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    clearInterval(watching);
    await holdStill(group, pipes);
    const last = counts.look();
    // Ended before we came: an engine may have removed its part of the group with all counts, and knows of a kill itself.
    if (last.tasks === 0) await Promise.race([gone.promise, delay(GONE_TIMEOUT_MS, null, { ref: false })]);
    // Whichever was heard first, the program's word or the death of its container: by now both would be.
    const exitCode = report.exit?.code ?? seenExitCode;
    const panic = exitCode === 0 ? '' : await container.panic();
    ended.resolve({
      hasBegun: report.hasBegun,
      exitCode,
      reportedCause: report.exit?.cause ?? null,
      stacks: report.stacks,
      enginePanic: panic === '' ? null : panic.slice(0, PANIC_CHARS_MAX),
      outputsFull: fullness(folders.outputs),
      tmpFull: fullness(folders.tmp),
      ...counts.used(last),
    });
  };

  const destroy = async (): Promise<void> => {
    isEnding = true;
    clearInterval(watching);
    await container.forget(await die(parts, () => stages.isReady, gone.promise));
    pipes.close();
    await unmountUnder(parts.dir);
    await removeGroup(group);
    await rm(parts.dir, { recursive: true, force: true });
  };

  return {
    imported: stages.untilImported,
    attach: () => pipes.writeStdin('attach'),
    ready: stages.untilReady,
    sandbox: {
      id: parts.id,
      folders,
      stdout: pipes.stdout.socket,
      stderr: pipes.stderr.socket,
      progress: pipes.progress.socket,
      get isOver() {
        return isEnding;
      },
      rest() {
        wakeUp = stopSentry(group);
      },
      claim,
      go,
      askWhereItStands,
      stop: () => void end(null),
      ended: ended.promise,
      destroy() {
        destroyed ??= destroy();
        return destroyed;
      },
    },
  };
}

function endedTooSoon(exitCode: number | null, words: string): string {
  return `the sandbox ended with ${exitCode} before it was ready: ${words.slice(-WORDS_CHARS_MAX)}`;
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

/**
 * Everything in the cgroup is frozen, which takes half a millisecond where dying takes 20 to 30, and is only thawed by the
 * SIGKILL that ends it: nothing inside runs another instruction, so what it left is final. What it wrote is read.
 */
async function holdStill(group: CgroupGroup, pipes: Pipes): Promise<void> {
  if (!(await group.freeze())) await endProcesses(group);
  for (const pipe of [pipes.report, pipes.stdout, pipes.stderr, pipes.progress]) pipe.drain();
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
 * A sandbox that was ready ends with its processes, and the engine sees that: true. One that is still becoming may have no
 * process in the cgroup yet, so the engine's part of it is ended as well.
 */
async function die(
  { container, group }: LiveParts,
  isReady: () => boolean,
  gone: Promise<void>,
): Promise<boolean> {
  if (!isReady()) container.kill();
  await endProcesses(group);
  const timeout = delay(DEATH_TIMEOUT_MS, false, { ref: false });
  const isOrderly = await Promise.race([gone.then(isReady), timeout]);
  if (isOrderly) return true;
  container.kill();
  await endProcesses(group);
  return false;
}
