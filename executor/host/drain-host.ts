import { setTimeout as delay } from 'node:timers/promises';
import { snakeCaseJson } from '../../protocol/snake-case-json.ts';
import { askDaemon } from '../control.ts';
import { say } from '../log.ts';
import type { HostOptions } from './commands.ts';
import { exists } from './exists.ts';
import { HostProblem } from './host-problem.ts';
import { findInstalled } from './installed.ts';

const LOOK_MS = 500;

export interface DrainOptions extends HostOptions {
  readonly wait?: true;
}

/** `drain`: the daemon finishes its runs and ends; with --wait this returns when it has. */
export async function drainHost(options: DrainOptions): Promise<void> {
  const { config } = await findInstalled(options);
  let status = await askDaemon(config.stateDir, 'drain');
  if (status === null)
    throw new HostProblem({
      what: 'There is nothing to drain.',
      why: 'the executor of this host is not running',
      remedy: 'nothing has to be done; ./causeway executor drain ID drains one elsewhere',
    });
  const { executor, pid } = status;
  for (let told = -1; options.wait && status !== null; await delay(LOOK_MS)) {
    if (status.runs !== told && !options.json) say(`Runs that it still has: ${status.runs}.`);
    told = status.runs;
    status = await askDaemon(config.stateDir, 'status');
  }
  // It clears its sandboxes away after it has stopped to answer, and holds its state folder until then.
  while (options.wait && (await exists(`/proc/${pid}`))) await delay(LOOK_MS);
  if (options.json) process.stdout.write(`${snakeCaseJson({ executor, drained: status === null })}\n`);
  else
    process.stdout.write(
      status === null
        ? `${executor} runs nothing and has ended.\n`
        : `${executor} takes no further runs${status.runs === 0 ? ', has none, and ends' : `, and ends when those that it has are over: ${status.runs}`}.\n`,
    );
}
