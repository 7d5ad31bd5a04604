import { vi } from 'vitest';
import { collect } from './collect-tests.ts';
import { importWith, reaches, registerLoader } from './load-mutant.ts';
import { playTests } from './play-tests.ts';

/*
 * A process in which mutants of one file meet their tests, one after the other: what is not changed is loaded once. It says
 * when it begins with each, so that whoever started it can end one that hangs (`try-mutants.ts`).
 */

/** What a host is asked: the sources to try, by a number, after the file as it is. */
export interface Task {
  readonly file: string;
  readonly tests: readonly string[];
  readonly text: string;
  /** What an earlier host said of the file as it is; null for the first. */
  readonly sound: Sound | null;
  readonly sources: readonly { readonly number: number; readonly text: string }[];
}

/** That the tests pass with a file as it is. */
export interface Sound {
  /** The files of tests that import it. */
  readonly files: readonly string[];
  /** Names of tests that take long. */
  readonly slow: readonly string[];
  /** Processor time of one round of all. */
  readonly cpuMs: number;
}

export type Told =
  | ({ readonly kind: 'sound' } & Sound)
  /** They do not, or none of them imports the file. */
  | { readonly kind: 'unsound'; readonly why: string }
  | { readonly kind: 'trying'; readonly number: number }
  /** `by` is the test that failed; null where none did. */
  | { readonly kind: 'tried'; readonly number: number; readonly by: string | null };

/** Slower tests run only where no quicker one fails. */
const SLOW_MS = 150;
const HANGS_MS = 20_000;
const { setTimeout: later, clearTimeout: notLater } = globalThis;

registerLoader();
let astray: unknown = null;
process.on('unhandledRejection', (error) => {
  astray ??= error;
});
// The process that started this one is gone.
process.once('disconnect', () => process.exit());
process.once('message', (task) => void serve(task as Task));

async function serve(task: Task): Promise<void> {
  const told = task.sound === null ? await tryAsItIs(task) : ({ kind: 'sound', ...task.sound } as const);
  tell(told);
  if (told.kind === 'sound')
    for (const { number, text } of task.sources) {
      tell({ kind: 'trying', number });
      tell({ kind: 'tried', number, by: await noticedBy(task.file, told, text) });
    }
  process.disconnect();
}

async function tryAsItIs({ file, tests, text }: Task): Promise<Told> {
  const slow: string[] = [];
  const startedAt = process.cpuUsage();
  for (const each of tests) {
    const suite = await collect(() => importWith(each, file, text));
    const { failed, tookMs } = await playTests(suite, () => true);
    if (failed !== null)
      return { kind: 'unsound', why: `${each}: ${failed.test}: ${reasonOf(failed.error)}` };
    for (const [title, ms] of tookMs) if (ms > SLOW_MS) slow.push(title);
  }
  const { user, system } = process.cpuUsage(startedAt);
  const files = tests.filter((each) => reaches(each, file));
  if (files.length === 0) return { kind: 'unsound', why: 'no test imports it' };
  const sound: Told = { kind: 'sound', files, slow, cpuMs: (user + system) / 1000 };
  // What a test leaves in the process would make it fail with every mutant, as if it noticed each.
  const by = await noticedBy(file, sound, text);
  return by === null
    ? sound
    : { kind: 'unsound', why: `${by}: it passes once, and fails when it is run again in the same process` };
}

async function noticedBy(file: string, { files, slow }: Sound, source: string): Promise<string | null> {
  for (const isSlow of [false, true])
    for (const each of files) {
      const by = await before(
        HANGS_MS,
        playFile(each, file, source, (title) => slow.includes(title) === isSlow),
      );
      vi.unstubAllGlobals();
      vi.restoreAllMocks();
      if (by !== null) return by;
    }
  return null;
}

async function playFile(
  test: string,
  file: string,
  source: string,
  isWanted: (title: string) => boolean,
): Promise<string | null> {
  astray = null;
  try {
    const suite = await collect(() => importWith(test, file, source));
    const { failed } = await playTests(suite, isWanted);
    if (failed !== null) return failed.test;
    return astray === null ? null : `${test}: a promise that nobody awaits`;
  } catch (error) {
    if (error instanceof SyntaxError && /mutant=\d/.test(error.stack ?? '')) return 'the parser';
    return `${test}: loading it`;
  }
}

async function before(ms: number, work: Promise<string | null>): Promise<string | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hung = new Promise<string>((resolve) => {
    timer = later(() => resolve('time: it hangs'), ms);
  });
  try {
    return await Promise.race([work, hung]);
  } finally {
    notLater(timer);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

function tell(told: Told): void {
  process.send?.(told);
}
