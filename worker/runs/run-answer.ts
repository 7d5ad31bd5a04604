import { z } from 'zod';
import { limit } from '../../protocol/limits.ts';

const stream = z.object({ text: z.string(), bytes: z.number().int(), truncated: z.boolean() });

/** What every run tool answers of a run. Output schemas are read by agents as tokens, so it says no more than it must. */
export const runAnswer = z.object({
  run: z.string(),
  state: z.string().describe('succeeded, failed, timed_out, …; queued, leased or running while active'),
  message: z.string(),
  error: z
    .object({
      type: z.string(),
      message: z.string(),
      path: z.string().nullable(),
      line: z.number().int().nullable(),
    })
    .nullable(),
  limit: z.record(z.string(), z.unknown()).nullable().describe('The limit that ended it: name, value, says'),
  stdout: stream,
  stderr: stream,
  outputs: z.array(z.object({ name: z.string(), bytes: z.number().int(), media_type: z.string() })),
  refused_outputs: z.array(z.record(z.string(), z.string())),
  timings: z.record(z.string(), z.number().nullable()).nullable(),
  manifest: z.record(z.string(), z.unknown()).describe('What it was made of'),
  hint: z.string().nullable(),
});

/** A started run: the same, and whether it was started by this call. */
export const startedRunAnswer = runAnswer.extend({
  deduplicated: z.boolean().describe('true: an identical run was active, and is this one'),
});

export const runReference = z.string().min(5).max(40).describe('run_…');

const SECONDS_MAX = limit('run_wait_ms') / 1000;
const MIB = 1024 * 1024;

/** Arguments that both tools that start runs take. */
export const startArguments = {
  parameters: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('causeway.parameters and /inputs/parameters.json in the model'),
  data: z
    .array(z.string().min(1).max(100))
    .max(100)
    .optional()
    .describe('Names of data sources; default: all'),
  wait_seconds: z.number().min(0).max(SECONDS_MAX).default(45),
  memory_mb: z
    .number()
    .int()
    .min(64)
    .max(limit('run_memory_bytes_max') / MIB)
    .optional()
    .describe(`default ${limit('run_memory_bytes') / MIB}`),
  timeout_seconds: z
    .number()
    .min(1)
    .max(limit('run_wall_ms') / 1000)
    .optional(),
};

/** The bounds among those arguments in the units that the inside uses. */
export function startBounds(input: {
  wait_seconds: number;
  memory_mb?: number | undefined;
  timeout_seconds?: number | undefined;
}) {
  return {
    waitMs: input.wait_seconds * 1000,
    memoryBytes: input.memory_mb === undefined ? undefined : input.memory_mb * MIB,
    wallMs: input.timeout_seconds === undefined ? undefined : Math.round(input.timeout_seconds * 1000),
  };
}
