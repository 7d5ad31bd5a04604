import { z } from 'zod';
import { type Labels, labelsSchema } from '../../protocol/labels.ts';
import { limit } from '../../protocol/limits.ts';
import { Refusal } from '../http/refusal.ts';
import { referenceText } from '../input/text-schemas.ts';

/** An object whose parts its description names: schemas of outputs are read by agents as tokens. */
const parts = (named: string) => z.looseObject({}).describe(named);

/** What every run tool answers of a run; `presentRun` makes it. */
export const runAnswer = z.object({
  run: z.string(),
  state: z.string().describe('active: queued, leased, running'),
  message: z.string(),
  error: parts('type, message, path, line').nullable(),
  limit: parts('name, value, says').nullable(),
  stdout: parts('text, bytes, truncated'),
  stderr: parts('likewise'),
  outputs: z.array(parts('name, bytes, media_type')),
  refused_outputs: z.array(parts('name, reason')),
  timings: parts('ms').nullable(),
  manifest: parts('commit, entry, data, image'),
  withheld: parts('outputs, page').optional(),
  hint: z.string().nullable(),
});

/** A started run: the same, and whether it was started by this call; an answer on a second stream does not know. */
export const startedRunAnswer = runAnswer.extend({
  deduplicated: z.boolean().optional().describe('An identical run was active'),
});

export const runReference = z.string().min(5).max(40).describe('run_…');

const SECONDS_MAX = limit('run_wait_ms') / 1000;
const MIB = 1024 * 1024;

/** Arguments that both tools that start runs take. */
export const startArguments = {
  parameters: z.record(z.string(), z.unknown()).default({}).describe('causeway.parameters in the model'),
  data: z.array(referenceText).max(100).optional().describe('Data sources; default: all'),
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
  executor_pool: referenceText.optional(),
  executor_labels: z.record(z.string(), z.string()).optional().describe('Only where all are, as region: eu'),
};

/** The bounds among those arguments in the units that the inside uses. */
export function startBounds(input: {
  wait_seconds: number;
  memory_mb?: number | undefined;
  timeout_seconds?: number | undefined;
  executor_pool?: string | undefined;
  executor_labels?: Labels | undefined;
}) {
  return {
    waitMs: input.wait_seconds * 1000,
    memoryBytes: input.memory_mb === undefined ? undefined : input.memory_mb * MIB,
    wallMs: input.timeout_seconds === undefined ? undefined : Math.round(input.timeout_seconds * 1000),
    placement: { pool: input.executor_pool, labels: checkedLabels(input.executor_labels) },
  };
}

/** Checked here, because their pattern in the schema would cost every agent its tokens. */
function checkedLabels(labels: Labels | undefined): Labels | undefined {
  if (labels === undefined || labelsSchema.safeParse(labels).success) return labels;
  throw new Refusal(
    'invalid_arguments',
    'executor_labels are at most 16, with names like `region` and values like `eu-west`.',
  );
}
