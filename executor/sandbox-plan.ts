import { limit } from '../protocol/limits.ts';
import type { Manifest, RunLimits } from '../protocol/manifest.ts';
import type { Job } from '../protocol/messages.ts';
import type { Go, SandboxLimits, SandboxSpec } from './sandbox/engine.ts';
import type { Wish } from './warm-pool.ts';

/** The seeds that python reads when it starts, so a sandbox that was started ahead has these and no others. */
const WARM_SEEDS = { pythonhashseed: 0, omp_num_threads: 1 } as const;

/** Imported ahead; `harness.py` exercises them once as well, because both load much of themselves on first use. */
const WARM_IMPORTS = ['numpy', 'pandas', 'causeway'];

export function sandboxLimits(limits: RunLimits): SandboxLimits {
  return {
    memoryBytes: limits.memory_bytes,
    processesMax: limits.processes,
    cpuCores: limits.cpu_cores,
    outputsBytesMax: limits.outputs_bytes,
    outputsInodesMax: limits.outputs_inodes,
    tmpBytesMax: limits.tmp_bytes,
    tmpInodesMax: limits.tmp_inodes,
  };
}

export const DEFAULT_LIMITS: SandboxLimits = {
  memoryBytes: limit('run_memory_bytes'),
  processesMax: limit('run_processes'),
  cpuCores: limit('run_cpu_cores'),
  outputsBytesMax: limit('run_outputs_bytes'),
  outputsInodesMax: limit('run_outputs_inodes'),
  tmpBytesMax: limit('run_tmp_bytes'),
  tmpInodesMax: limit('run_tmp_inodes'),
};

function startEnvironment(seeds: {
  pythonhashseed: number;
  omp_num_threads: number;
}): Record<string, string> {
  return { PYTHONHASHSEED: `${seeds.pythonhashseed}`, OMP_NUM_THREADS: `${seeds.omp_num_threads}` };
}

export const WARM_SPEC: SandboxSpec = {
  limits: DEFAULT_LIMITS,
  environment: startEnvironment(WARM_SEEDS),
  imports: WARM_IMPORTS,
  priority: 'background',
};

/** What was fixed when a warm sandbox started: the seeds of the interpreter, and the hard rlimit of processes. */
export function suitsWarm(manifest: Manifest): boolean {
  return (
    manifest.seeds.pythonhashseed === WARM_SEEDS.pythonhashseed &&
    manifest.seeds.omp_num_threads === WARM_SEEDS.omp_num_threads &&
    manifest.limits.processes <= DEFAULT_LIMITS.processesMax
  );
}

const IMPORTS_AHEAD = new RegExp(`^\\s*(?:import|from)\\s+(?:${WARM_IMPORTS.join('|')})\\b`, 'm');

/** What a run wants of a warm sandbox, as far as its entry tells, where that came with the job. */
export function wishOf(job: Job): Wish {
  const { entry, files } = job.manifest;
  const sha256 = files.find((file) => file.path === entry)?.sha256 ?? '';
  const source = Buffer.from(job.inline[sha256] ?? '', 'base64').toString();
  return { suitsWarm: suitsWarm(job.manifest), importsAhead: IMPORTS_AHEAD.test(source) };
}

/** A sandbox made for this run alone; it imports nothing ahead, because the program may not need it. */
export function coldSpec(manifest: Manifest): SandboxSpec {
  return {
    limits: sandboxLimits(manifest.limits),
    environment: startEnvironment(manifest.seeds),
    imports: [],
    priority: 'run',
  };
}

export function orderFor(manifest: Manifest): Go {
  return {
    entry: manifest.entry,
    environment: {
      SOURCE_DATE_EPOCH: `${manifest.seeds.source_date_epoch}`,
      CAUSEWAY_SEED: `${manifest.seeds.seed}`,
    },
    seed: manifest.seeds.seed,
    memoryBytes: manifest.limits.memory_bytes,
    processesMax: manifest.limits.processes,
  };
}
