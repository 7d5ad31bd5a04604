import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT_DIR } from '../../stack/state-paths.ts';
import { Failure } from '../../terminal/failure.ts';
import type { Sound, Task, Told } from './host.ts';
import { applyMutant, type Mutant } from './mutants-of.ts';

/** What became of a mutant; `by` is the test that noticed it, or `time` or `crash` of a host. Null: nobody noticed. */
export interface Tried {
  readonly mutant: Mutant;
  readonly by: string | null;
}

/** A host keeps each version of a module that it has loaded, so it serves no more than these. */
const MUTANTS_PER_HOST = 120;
/** A mutant may use so much more of the processor than all tests of its file did, before it is a loop that does not end. */
const CPU_FACTOR = 6;
const CPU_MS_MIN = 700;
const WATCHED_EVERY_MS = 250;
const HEAP_MIB = 768;
const CLOCK_TICKS_PER_SECOND = 100;

/** Tries the mutants of one file against its tests. Throws where these do not pass with the file as it is. */
export async function tryMutants(
  file: string,
  tests: readonly string[],
  mutants: readonly Mutant[],
  onTried: (tried: Tried) => void,
): Promise<readonly Tried[]> {
  const text = readFileSync(join(ROOT_DIR, file), 'utf8');
  const tried = new Map<number, string | null>();
  let sound: Sound | null = null;
  while (tried.size < mutants.length) {
    const sources = [...mutants.entries()]
      .filter(([number]) => !tried.has(number))
      .slice(0, MUTANTS_PER_HOST)
      .map(([number, mutant]) => ({ number, text: applyMutant(text, mutant) }));
    sound = await askHost({ file, tests, text, sound, sources }, (number, by) => {
      tried.set(number, by);
      const mutant = mutants[number];
      if (mutant !== undefined) onTried({ mutant, by });
    });
  }
  return mutants.map((mutant, number) => ({ mutant, by: tried.get(number) ?? null }));
}

/** Runs one host to its end, or to that of the first mutant that ends or hangs it. */
function askHost(task: Task, onTried: (number: number, by: string | null) => void): Promise<Sound> {
  const host = fork(join(import.meta.dirname, 'host.ts'), [], {
    cwd: ROOT_DIR,
    execArgv: ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${HEAP_MIB}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // A group of its own: a test that fails leaves what it started.
    detached: true,
  });
  return new Promise((resolve, reject) => {
    let current: { readonly number: number; readonly cpuAtMs: number } | null = null;
    let [cpuMaxMs, fault] = [Number.POSITIVE_INFINITY, 'its tests ended the process that runs them'];
    let sound: Sound | null = null;
    let hangs = false;
    const watch = setInterval(() => {
      if (current === null || cpuMsOf(host) - current.cpuAtMs < cpuMaxMs) return;
      hangs = true;
      host.kill('SIGKILL');
    }, WATCHED_EVERY_MS);
    host.on('message', (told: Told) => {
      if (told.kind === 'unsound') fault = told.why;
      if (told.kind === 'sound') {
        sound = told;
        cpuMaxMs = Math.max(CPU_MS_MIN, CPU_FACTOR * told.cpuMs);
      }
      if (told.kind === 'trying') current = { number: told.number, cpuAtMs: cpuMsOf(host) };
      if (told.kind === 'tried') {
        current = null;
        onTried(told.number, told.by);
      }
    });
    host.once('error', reject);
    host.once('exit', () => {
      clearInterval(watch);
      endGroup(host);
      if (current !== null) onTried(current.number, hangs ? 'time: a loop does not end' : 'crash');
      if (sound !== null) resolve(sound);
      else reject(untriable(task.file, fault));
    });
    host.send(task);
  });
}

function untriable(file: string, fault: string): Failure {
  return new Failure({
    what: `Mutants of ${file} cannot be tried.`,
    why: fault,
    remedy:
      'make its unit tests pass with the file as it is; what needs the runner of vitest itself is left out by tests-of.ts',
  });
}

/** Ends what a host left behind. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It left nothing.
  }
}

/** The processor time of a process so far (proc_pid_stat(5)), which does not count what else the machine does meanwhile. */
function cpuMsOf({ pid }: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
