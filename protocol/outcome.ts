import { z } from 'zod';
import { LIMITS, type LimitName } from './limits.ts';
import { imageDigestSchema, sha256Schema } from './manifest.ts';
import { TERMINAL_STATES } from './run-state.ts';

/**
 * What a run wrote to one stream. `inline` is its first bytes as text (invalid UTF-8 replaced); all kept bytes are the
 * blob `sha256` where there are more than the inline ones. `bytes` counts what the run wrote, kept or not.
 */
const streamSchema = z.object({
  inline: z.string(),
  bytes: z.number().int().min(0),
  kept_bytes: z.number().int().min(0),
  truncated: z.boolean(),
  sha256: sha256Schema.nullable(),
});
export type Stream = z.infer<typeof streamSchema>;

/** A file that the run left in /outputs: a regular file with one link, under a name that is safe to show. */
export const outputSchema = z.object({
  name: z.string(),
  bytes: z.number().int().min(0),
  sha256: sha256Schema,
  media_type: z.string(),
});
export type Output = z.infer<typeof outputSchema>;

/** The Python exception that ended a run, with the line of the agent's own file. */
const runErrorSchema = z.object({
  type: z.string(),
  message: z.string(),
  path: z.string().nullable(),
  line: z.number().int().nullable(),
});
export type RunError = z.infer<typeof runErrorSchema>;

const limitNames = Object.keys(LIMITS) as [LimitName, ...LimitName[]];

/** How a run ended; written once, by the holder of its fence. */
export const outcomeSchema = z.object({
  state: z.enum(TERMINAL_STATES),
  exit_code: z.number().int().nullable(),
  /** The limit that ended or cut the run, by its key in `protocol/limits.ts`. */
  limit: z.object({ name: z.enum(limitNames), value: z.number() }).nullable(),
  error: runErrorSchema.nullable(),
  /** One sentence for a person: "Stopped after 300 s at line 41 of forecast.py." */
  message: z.string(),
  stdout: streamSchema,
  stderr: streamSchema,
  /**
   * The progress that the program reported (`causeway.progress`), as JSON lines `{at_ms, done, total, message}`; absent
   * where it reported none.
   */
  progress: streamSchema.optional(),
  outputs: z.array(outputSchema),
  /** Files in /outputs that were not kept, and why; at most 20 are listed. */
  refused_outputs: z.array(z.object({ name: z.string(), reason: z.string() })),
  /** Milliseconds by the executor's monotonic clock, from the receipt of the job. */
  timings: z.object({
    prepared_ms: z.number(),
    first_output_ms: z.number().nullable(),
    finished_ms: z.number(),
    reported_ms: z.number(),
  }),
  usage: z.object({ cpu_ms: z.number().nullable(), memory_peak_bytes: z.number().nullable() }),
  sandbox: z.object({ engine: z.string(), image: imageDigestSchema, warm: z.boolean() }),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/**
 * What retention removed of an outcome after it was recorded, and on which days (UTC). Name, size, type and SHA-256 of
 * a removed output stay.
 */
export interface Expired {
  readonly log_at?: string;
  readonly outputs_at?: string;
  readonly outputs?: readonly (Omit<Output, 'sha256'> & { readonly digest: string })[];
}
/** An outcome as it stands in the database. */
export type RecordedOutcome = Outcome & { readonly expired?: Expired };

export const EMPTY_STREAM: Stream = { inline: '', bytes: 0, kept_bytes: 0, truncated: false, sha256: null };
