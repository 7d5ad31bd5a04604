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
  readonly sources: readonly { readonly number: number; readonly text: string }[];
}

export type Told =
  /** The tests pass with the file as it is; `cpuMs` is what one round of them takes. */
  | { readonly kind: 'sound'; readonly tests: number; readonly cpuMs: number }
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
// Who asked is gone.
process.once('disconnect', () => process.exit());
process.once('message', (task) => void serve(task as Task));

async function serve(task: Task): Promise<void> {
  const sound = await tryAsItIs(task);
  tell(sound.told);
  if (sound.told.kind === 'sound')
    for (const { number, text } of task.sources) {
      tell({ kind: 'trying', number });
      tell({ kind: 'tried', number, by: await noticedBy({ ...task, tests: sound.files }, text, sound.slow) });
    }
  process.disconnect();
}

async function tryAsItIs({ file, tests, text }: Task) {
  const slow = new Set<string>();
  let count = 0;
  const startedAt = process.cpuUsage();
  for (const each of tests) {
    // The second time it is known who imports the file.
    await collect(() => importWith(each, file, text));
    const suite = await collect(() => importWith(each, file, text));
    const { failed, tookMs } = await playTests(suite, () => true);
    if (failed !== null) return unsound(`${each}: ${failed.test}: ${reasonOf(failed.error)}`);
    for (const [title, ms] of tookMs) if (ms > SLOW_MS) slow.add(title);
    count += tookMs.size;
  }
  const { user, system } = process.cpuUsage(startedAt);
  const files = tests.filter((each) => reaches(each, file));
  if (files.length === 0) return unsound('no test imports it');
  const told: Told = { kind: 'sound', tests: count, cpuMs: (user + system) / 1000 };
  return { told, slow, files };
}

function unsound(why: string) {
  const told: Told = { kind: 'unsound', why };
  return { told, slow: new Set<string>(), files: [] };
}

async function noticedBy(
  { file, tests }: Task,
  source: string,
  slow: ReadonlySet<string>,
): Promise<string | null> {
  for (const isSlow of [false, true])
    for (const each of tests) {
      const by = await before(
        HANGS_MS,
        playFile(each, file, source, (title) => slow.has(title) === isSlow),
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
