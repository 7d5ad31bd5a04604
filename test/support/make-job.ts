import { createHash } from 'node:crypto';
import { newId, type RunId, type TenantId } from '../../protocol/ids.ts';
import { limit } from '../../protocol/limits.ts';
import type { Manifest, RunLimits } from '../../protocol/manifest.ts';
import type { Job } from '../../protocol/messages.ts';

export interface JobParts {
  readonly code: string;
  readonly entry?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly image: Manifest['image'];
  readonly parameters?: Manifest['parameters'];
  readonly limits?: Partial<RunLimits>;
  readonly seeds?: Partial<Manifest['seeds']>;
  readonly data?: readonly { name: string; format: 'csv' | 'parquet'; sha256: string; bytes: number }[];
  readonly blobs?: Job['blobs'];
  readonly run?: RunId;
  readonly tenant?: TenantId;
  readonly fence?: number;
  readonly isFollowed?: boolean;
}

export const DEFAULT_RUN_LIMITS: RunLimits = {
  wall_ms: 60_000,
  memory_bytes: limit('run_memory_bytes'),
  processes: limit('run_processes'),
  cpu_cores: limit('run_cpu_cores'),
  outputs_bytes: limit('run_outputs_bytes'),
  outputs_inodes: limit('run_outputs_inodes'),
  tmp_bytes: limit('run_tmp_bytes'),
  tmp_inodes: limit('run_tmp_inodes'),
  stream_bytes: limit('run_stream_bytes'),
};

/** A job whose project files travel with it. */
export function makeJob(parts: JobParts): Job {
  const entry = parts.entry ?? 'main.py';
  const inline: Record<string, string> = {};
  const files = Object.entries({ [entry]: parts.code, ...parts.files }).map(([path, text]) => {
    const sha256 = createHash('sha256').update(text).digest('hex');
    inline[sha256] = Buffer.from(text).toString('base64');
    return { path, sha256, bytes: Buffer.byteLength(text) };
  });
  return {
    type: 'job',
    run: parts.run ?? newId('run'),
    fence: parts.fence ?? 1,
    tenant: parts.tenant ?? newId('tenant'),
    manifest: {
      version: 1,
      kind: 'model',
      project: newId('project'),
      commit: null,
      entry,
      files,
      data: (parts.data ?? []).map((each) => ({ ...each, source: newId('source') })),
      parameters: parts.parameters ?? {},
      image: parts.image,
      limits: { ...DEFAULT_RUN_LIMITS, ...parts.limits },
      seeds: { pythonhashseed: 0, omp_num_threads: 1, source_date_epoch: 0, seed: 0, ...parts.seeds },
    },
    blobs: [...(parts.blobs ?? [])],
    inline,
    capability: 'capability',
    ...(parts.isFollowed === true ? { followed: true } : {}),
  };
}
