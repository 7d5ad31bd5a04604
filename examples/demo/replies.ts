import { z } from 'zod';

/** What the demo reads of each tool's answer. Schemas are loose: an answer may say more. */
export const whoamiReply = z.object({
  user: z.object({ name: z.string(), email: z.string() }).nullable(),
  tenant: z.object({ id: z.string(), name: z.string() }),
  role: z.string().nullable(),
  sandbox: z
    .object({
      engine: z.string(),
      image: z.string(),
      python: z.string(),
      packages: z.record(z.string(), z.string()),
      absent: z.array(z.string()),
    })
    .nullable(),
});

export const projectReply = z.object({ project: z.string() });

export const commitReply = z.object({
  commit: z.string(),
  changes: z.array(z.object({ path: z.string(), kind: z.string() })),
});

export const uploadReply = z.object({ upload: z.string(), url: z.string(), curl: z.string() });

const bound = z.union([z.number(), z.string()]).nullish();

export const dataReply = z.object({
  name: z.string(),
  format: z.string(),
  bytes: z.number(),
  row_count: z.number(),
  column_count: z.number(),
  columns: z.array(
    z.object({ name: z.string(), type: z.string(), nulls: z.number(), min: bound, max: bound }),
  ),
  sample: z.array(z.array(z.string().nullable())),
  mount_path: z.string(),
  load: z.string(),
});

export const runReply = z.object({
  run: z.string(),
  state: z.string(),
  message: z.string(),
  error: z
    .object({
      type: z.string(),
      message: z.string(),
      path: z.string().nullable(),
      line: z.number().nullable(),
    })
    .nullable(),
  stdout: z.object({ text: z.string() }),
  stderr: z.object({ text: z.string() }),
  outputs: z.array(z.object({ name: z.string(), bytes: z.number(), media_type: z.string() })),
});
export type RunReply = z.infer<typeof runReply>;

export const outputReply = z.object({
  kind: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
});

export const comparisonReply = z.object({
  summary: z.string(),
  same_inputs: z.boolean(),
  same_outputs: z.boolean(),
  parameters: z.array(z.string()),
  tables: z.array(
    z.object({
      name: z.string(),
      columns: z.array(
        z.object({
          column: z.string(),
          sum_a: z.number(),
          sum_b: z.number(),
          largest_difference: z.number().nullable(),
        }),
      ),
    }),
  ),
});

export const cancelReply = z.object({ run: z.string(), state: z.string(), message: z.string() });

/** The error envelope of a tool. */
export const errorReply = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });
