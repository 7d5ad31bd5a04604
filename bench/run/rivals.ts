import type { CleanupStack } from '../../cli/stack/cleanup.ts';
import { type BenchModel, inputsOf } from './models.ts';
import type { BareRunner } from './open-bare-runner.ts';
import { openColdRunner } from './open-cold-runner.ts';
import { openDockerRunner } from './open-docker-runner.ts';

/** Three of ten pairs of a block: thirty of a hundred. */
const DOCKER_EVERY = 4;

export const RIVAL_NAMES = ['docker run --runtime=runsc', 'docker run', 'runsc run', 'bare python3'] as const;
export type RivalName = (typeof RIVAL_NAMES)[number];

/** Another way to run the same script on the same machine. */
export interface Rival {
  readonly name: RivalName;
  /** It is played beside the first of so many warm runs of a model: what takes seconds is played less often. */
  readonly every: number;
  /** Milliseconds of one run, as each runner counts them. */
  run(model: BenchModel): Promise<number>;
}

/** Opens all of them beside `bare`, which is open; `cleanup` closes them. */
export async function openRivals(
  bare: BareRunner,
  cleanup: CleanupStack,
  onStep: (says: string) => void,
): Promise<Rival[]> {
  const cold = await openColdRunner();
  await cleanup.defer(cold.close);
  const docker = await openDockerRunner(onStep);
  await cleanup.defer(docker.close);
  return [
    {
      name: 'docker run --runtime=runsc',
      every: DOCKER_EVERY,
      run: (model) => docker.run('runsc', model.path, inputsOf(model)),
    },
    {
      name: 'docker run',
      every: DOCKER_EVERY,
      run: (model) => docker.run('runc', model.path, inputsOf(model)),
    },
    { name: 'runsc run', every: 1, run: (model) => cold.run(model.path, inputsOf(model)) },
    { name: 'bare python3', every: 1, run: (model) => bare.run(model.path) },
  ];
}
