import { z } from 'zod';

/** The share of mutants that has to be noticed. */
export const NOTICED_MIN = 0.9;

const count = z.number().int().min(0);
/** Of which source something was seen, when, and on which machine. */
const seen = z.strictObject({
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  at: z.iso.datetime(),
  seconds: count,
  node: z.string(),
  cores: count,
  /** Mean of processes that wanted a core during the minute before the end. */
  load: z.number(),
});
export type Seen = z.infer<typeof seen>;

const moduleSchema = z
  .strictObject({
    name: z.string(),
    says: z.string(),
    seen,
    files: z.array(z.strictObject({ file: z.string(), mutants: count, noticed: count })).min(1),
    survivors: z.array(
      z.strictObject({
        file: z.string(),
        line: count,
        code: z.string(),
        from: z.string(),
        to: z.string(),
        reason: z.string().min(20, 'each survivor has a reason'),
      }),
    ),
  })
  .refine(({ files, survivors }) => sum(files, 'mutants') - sum(files, 'noticed') === survivors.length, {
    error: 'what was not noticed is listed, each with its reason',
  })
  .refine(({ files }) => sum(files, 'noticed') >= NOTICED_MIN * sum(files, 'mutants'), {
    error: `at least ${NOTICED_MIN * 100} % of a module's mutants are noticed`,
  });

const parserSchema = z.strictObject({
  name: z.string(),
  file: z.string(),
  says: z.string(),
  seen,
  inputs: count,
  slowestMs: count,
  /** What was found was mended before this was committed, and is a seed since. */
  finds: z.array(z.never()),
});

const reportSchema = z
  .strictObject({ modules: z.array(moduleSchema), parsers: z.array(parserSchema) })
  .refine(({ modules, parsers }) => [modules, parsers].every(isEachOnce), {
    error: 'a module or parser stands there twice',
  });
export type DeepReport = z.infer<typeof reportSchema>;
export type ModuleReport = DeepReport['modules'][number];
export type ParserReport = Omit<DeepReport['parsers'][number], 'finds'> & {
  /** `keptIn`: the file of seeds that has the input now; null where none is known. */
  readonly finds: readonly {
    readonly input: string | null;
    readonly why: string;
    readonly keptIn: string | null;
  }[];
};

/** Reads `docs/security/deep-report.json`. Throws with every fault where it is not as it must be. */
export function readDeepReport(text: string): DeepReport {
  return reportSchema.parse(JSON.parse(text));
}

export function sum(
  files: readonly { readonly mutants: number; readonly noticed: number }[],
  what: 'mutants' | 'noticed',
): number {
  return files.reduce((total, file) => total + file[what], 0);
}

function isEachOnce(rows: readonly { readonly name: string }[]): boolean {
  return new Set(rows.map(({ name }) => name)).size === rows.length;
}
