import { fork } from 'node:child_process';
import { join } from 'node:path';
import { ROOT_DIR } from '../../stack/state-paths.ts';
import type { FuzzTask, FuzzTold } from './host.ts';

export interface Find {
  /** Null where the process hung: no input is known, the seed is in `why`. */
  readonly input: string | null;
  readonly why: string;
}

export interface Fuzzed {
  readonly inputs: number;
  /** Processor time of the slowest input. */
  readonly slowestMs: number;
  readonly finds: readonly Find[];
}

/** A batch of inputs takes a second or so on a quiet machine; one that takes this long hangs. */
const HANGS_MS = 180_000;

/** Tries inputs on a parser in a process of its own, for so many seconds or until one breaks it. */
export function fuzz(task: FuzzTask, onTried: (inputs: number) => void): Promise<Fuzzed> {
  const host = fork(join(import.meta.dirname, 'host.ts'), [], {
    cwd: ROOT_DIR,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let [inputs, slowestMs, seed] = [0, 0, task.seed];
  const finds: Find[] = [];
  const giveUp = () => host.kill('SIGKILL');
  let timer = setTimeout(giveUp, HANGS_MS);
  return new Promise((resolve, reject) => {
    host.on('message', (told: FuzzTold) => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, HANGS_MS);
      if (told.kind === 'trying') seed = told.seed;
      else if (told.kind === 'found') finds.push({ input: told.input, why: told.why });
      else {
        inputs += told.inputs;
        slowestMs = Math.max(slowestMs, told.slowestMs);
        onTried(inputs);
      }
    });
    host.once('error', reject);
    host.once('exit', (code, signal) => {
      clearTimeout(timer);
      if (signal !== null)
        finds.push({ input: null, why: `an input of the batch with seed ${seed} hangs it` });
      else if (code !== 0) finds.push({ input: null, why: `the batch with seed ${seed} ended its process` });
      resolve({ inputs, slowestMs: Math.round(slowestMs), finds });
    });
    host.send(task);
  });
}
