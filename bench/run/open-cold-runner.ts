import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CACHE_DIR } from '../../cli/stack/state-paths.ts';
import { Failure } from '../../cli/terminal/failure.ts';
import { ociSpec } from '../../executor/sandbox/bundle.ts';
import { type Cgroups, findCgroups } from '../../executor/sandbox/cgroup.ts';
import type { Folders } from '../../executor/sandbox/engine.ts';
import { makeFolders, unmountUnder } from '../../executor/sandbox/mounts.ts';
import { DEFAULT_LIMITS, WARM_SPEC } from '../../executor/sandbox-plan.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../../infra/sandbox-image/ensure-runsc.ts';

const RUN_TIMEOUT_MS = 60_000;
const PYTHON = '/usr/bin/python3';
/** Holds the cgroups of this process's cold runs. */
const CGROUP = `causeway-bench-${process.pid}`;

/** A file inside the sandbox: its path there and its text. */
export interface InputFile {
  readonly path: `/repo/${string}` | `/data/${string}`;
  readonly text: string;
}

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

async function placeInputs(folders: Folders, files: readonly InputFile[]): Promise<void> {
  for (const { path, text } of files) {
    const [, root = '', ...rest] = path.split('/');
    const target = join(root === 'repo' ? folders.repo : folders.data, ...rest);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text, { mode: 0o444 });
  }
}

/** The flags are those of executor/sandbox/gvisor.ts. */
async function timeRunsc({ runscPath, dir }: ColdRun, id: string, bundleDir: string): Promise<number> {
  const flags = [
    `--root=${join(dir, 'runsc')}`,
    '--platform=systrap',
    '--network=none',
    '--host-uds=none',
    '--host-fifo=none',
    '--overlay2=none',
    '--oci-seccomp',
  ];
  const startedMs = performance.now();
  const child = spawn(runscPath, [...flags, 'run', `--bundle=${bundleDir}`, id], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    timeout: RUN_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const tookMs = performance.now() - startedMs;
  if (code !== 0) throw new Error(`a cold run ended with ${code}: ${said.slice(-600)}`);
  return tookMs;
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
