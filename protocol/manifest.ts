import { z } from 'zod';
import { idSchema } from './ids.ts';

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in lowercase hex');
export const imageDigestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export const DATA_FORMATS = ['csv', 'tsv', 'jsonl', 'parquet'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

/** A file of the project at the run's commit; it appears at `/repo/<path>`. */
const manifestFileSchema = z.object({
  path: z.string(),
  sha256: sha256Schema,
  bytes: z.number().int().min(0),
});

/** A pinned snapshot of a data source; it appears at `/data/<name>/data.<format>`. */
const manifestDataSchema = z.object({
  name: z.string(),
  source: idSchema('source'),
  sha256: sha256Schema,
  bytes: z.number().int().min(0),
  format: z.enum(DATA_FORMATS),
});

/** Bounds of one run. Names follow `protocol/limits.ts`. */
const runLimitsSchema = z.object({
  wall_ms: z.number().int().min(100),
  memory_bytes: z.number().int(),
  processes: z.number().int(),
  cpu_cores: z.number(),
  outputs_bytes: z.number().int(),
  outputs_inodes: z.number().int(),
  tmp_bytes: z.number().int(),
  tmp_inodes: z.number().int(),
  stream_bytes: z.number().int(),
});
export type RunLimits = z.infer<typeof runLimitsSchema>;

/** What makes a run repeatable beside its inputs; the first three are environment variables of those names. */
export const seedsSchema = z.object({
  pythonhashseed: z.number().int().min(0).max(4294967295),
  omp_num_threads: z.number().int().min(1),
  source_date_epoch: z.number().int().min(0),
  seed: z.number().int().min(0),
});

/**
 * All that a run depends on, by content. Two runs with equal manifests ran the same bytes on the same bytes, so a
 * run can be retried by the system and replayed by anyone.
 */
export const manifestSchema = z.object({
  version: z.literal(1),
  kind: z.enum(['model', 'scratch', 'inspect']),
  project: idSchema('project'),
  /** git's id of the commit; null for a project without commits (scratch only). */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .nullable(),
  /** The file that runs, relative to /repo. */
  entry: z.string(),
  files: z.array(manifestFileSchema),
  data: z.array(manifestDataSchema),
  parameters: z.record(z.string(), z.unknown()),
  image: imageDigestSchema,
  /** Packages of the full image that this one lacks. */
  absent: z.array(z.string()).optional(),
  limits: runLimitsSchema,
  seeds: seedsSchema,
});
export type Manifest = z.infer<typeof manifestSchema>;
