import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CACHE_DIR } from '../../cli/stack/state-paths.ts';
import { Failure } from '../../cli/terminal/failure.ts';
import { ociSpec } from '../../executor/sandbox/bundle.ts';
import { type Cgroups, findCgroups } from '../../executor/sandbox/cgroup.ts';
import { runscFlags } from '../../executor/sandbox/gvisor.ts';
import { makeFolders, unmountUnder } from '../../executor/sandbox/mounts.ts';
import { DEFAULT_LIMITS, WARM_SPEC } from '../../executor/sandbox-plan.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../../infra/sandbox-image/ensure-runsc.ts';
import { type InputFile, placeInputs } from './place-inputs.ts';
import { timeProcess } from './time-process.ts';

const PYTHON = '/usr/bin/python3';
/** Holds the cgroups of this process's cold runs. */
const CGROUP = `causeway-bench-${process.pid}`;

export interface ColdRunner {
  /** Runs `/repo/<entry>` in a fresh sandbox. Milliseconds from the spawn of runsc to its end; making the bundle is not counted. */
  run(entry: string, files: readonly InputFile[]): Promise<number>;
  close(): Promise<void>;
}

/**
 * What runs would cost without warm sandboxes: `runsc run` of the executor's own OCI bundle (root, mounts, seccomp, limits,
 * flags), in which python gets the file itself instead of the harness.
 */
export async function openColdRunner(): Promise<ColdRunner> {
  const [runsc, image] = await Promise.all([
    ensureRunsc({ stateDir: CACHE_DIR }),
    ensureImage({ stateDir: CACHE_DIR }),
  ]);
  const found = findCgroups();
  if (!found.ok) {
    throw new Failure({
      what: 'There is no cold run to compare with.',
      why: found.reason,
      remedy: 'run the benchmark as root',
    });
  }
  const { cgroups } = found;
  const dir = await mkdtemp(join(tmpdir(), 'causeway-cold-'));
  return {
    run: (entry, files) =>
      runOnce({
        runscPath: runsc.path,
        rootfsDir: image.rootfsDir,
        environment: image.manifest.environment,
        cgroups,
        dir,
        entry,
        files,
      }),
    async close() {
      cgroups.at(CGROUP).remove();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

interface ColdRun {
  readonly runscPath: string;
  readonly rootfsDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly cgroups: Cgroups;
  readonly dir: string;
  readonly entry: string;
  readonly files: readonly InputFile[];
}

async function runOnce(cold: ColdRun): Promise<number> {
  const id = `cold-${randomBytes(8).toString('hex')}`;
  const bundleDir = join(cold.dir, id);
  const cgroupPath = `${CGROUP}/${id}`;
  await mkdir(bundleDir, { mode: 0o700 });
  const group = cold.cgroups.make(cgroupPath);
  group.setLimits(DEFAULT_LIMITS);
  group.setPriority('run');
  try {
    const folders = await makeFolders(bundleDir, DEFAULT_LIMITS);
    await placeInputs(folders, cold.files);
    const spec = ociSpec({
      rootfsDir: cold.rootfsDir,
      folders,
      python: PYTHON,
      harness: '',
      imageEnvironment: cold.environment,
      cgroupPath,
      spec: { ...WARM_SPEC, imports: [], priority: 'run' },
    });
    const process = { ...spec.process, args: [PYTHON, `/repo/${cold.entry}`] };
    await writeFile(join(bundleDir, 'config.json'), JSON.stringify({ ...spec, process }));
    return await timeRunsc(cold, id, bundleDir);
  } finally {
    group.kill();
    await unmountUnder(bundleDir);
    await removeGroup(group);
    await rm(bundleDir, { recursive: true, force: true });
  }
}

/** As executor/sandbox/gvisor.ts calls it. */
function timeRunsc({ runscPath, dir }: ColdRun, id: string, bundleDir: string): Promise<number> {
  const flags = [`--root=${join(dir, 'runsc')}`, ...runscFlags('systrap')];
  return timeProcess(runscPath, [...flags, 'run', `--bundle=${bundleDir}`, id], {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  });
}

/** Processes of an ended sandbox leave its cgroup a moment after runsc has. */
async function removeGroup(group: ReturnType<Cgroups['make']>): Promise<void> {
  const until = performance.now() + 5_000;
  for (;;) {
    try {
      return group.remove();
    } catch (error) {
      if (performance.now() > until) throw error;
      group.kill();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
