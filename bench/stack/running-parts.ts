import { askHolder, type Holder } from '../../cli/stack/state-lock.ts';
import { statePaths } from '../../cli/stack/state-paths.ts';
import { Failure } from '../../cli/terminal/failure.ts';

export type RunningPart = Holder['parts'][number];

/** The parts of the stack that runs in `state`, by name. */
export async function runningParts(state: string): Promise<ReadonlyMap<string, RunningPart>> {
  const holder = await askHolder(statePaths(state).root);
  if (holder === null) throw nothingRuns(state, 'a stack');
  return new Map(holder.parts.map((part) => [part.name, part]));
}

/** A part that listens. */
export function partOf(
  parts: ReadonlyMap<string, RunningPart>,
  name: string,
): { readonly pid: number; readonly port: number } {
  const part = parts.get(name);
  if (part === undefined || part.port === null) throw nothingRuns('the stack', name);
  return { pid: part.pid, port: part.port };
}

function nothingRuns(where: string, what: string): Failure {
  return new Failure({
    what: `There is no ${what} to measure in ${where}.`,
    why: 'benchmarks measure a stack that runs on this machine',
    remedy: 'end other stacks and run ./causeway bench again: it starts one by itself',
  });
}
