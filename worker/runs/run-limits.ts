import { limit } from '../../protocol/limits.ts';
import type { Manifest, RunLimits } from '../../protocol/manifest.ts';

/** The bounds of one run: those of the product, with what the run asked for instead. */
export function runLimits(asked: { readonly wallMs?: number; readonly memoryBytes?: number }): RunLimits {
  return {
    wall_ms: Math.min(asked.wallMs ?? limit('run_wall_ms'), limit('run_wall_ms')),
    memory_bytes: Math.min(asked.memoryBytes ?? limit('run_memory_bytes'), limit('run_memory_bytes_max')),
    processes: limit('run_processes'),
    cpu_cores: limit('run_cpu_cores'),
    outputs_bytes: limit('run_outputs_bytes'),
    outputs_inodes: limit('run_outputs_inodes'),
    tmp_bytes: limit('run_tmp_bytes'),
    tmp_inodes: limit('run_tmp_inodes'),
    stream_bytes: limit('run_stream_bytes'),
  };
}

/** Every run has the same seeds; a model that wants another takes it from its parameters. */
export const SEEDS: Omit<Manifest['seeds'], 'source_date_epoch'> = {
  pythonhashseed: 0,
  omp_num_threads: 1,
  seed: 0,
};
