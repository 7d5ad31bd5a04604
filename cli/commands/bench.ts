import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { ROOT_DIR } from '../stack/state-paths.ts';
import { withStack } from '../stack/with-stack.ts';
import { Failure } from '../terminal/failure.ts';
import { printResult } from '../terminal/print.ts';
import { wholeNumber } from './number-option.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

interface BenchOptions extends StateOptions, JsonOptions {
  readonly port: number;
  readonly quick?: boolean;
}

const BENCH_DIR = join(ROOT_DIR, 'bench');
const benchModule = z.object({
  run: z.custom<(input: object) => Promise<void>>((value) => typeof value === 'function'),
  /** What vouches for addresses in a stack that is started for it: one that plays the edge names `cloudflare`. */
  edge: z.enum(['cloudflare', 'none']).default('none'),
  /** False where it needs no stack. */
  stack: z.boolean().default(true),
});

export function registerBench(program: Command): void {
  program
    .command('bench')
    .summary('measure: tables, or JSON')
    .description(
      'Runs a benchmark of bench/ against a running stack, or one on plain workerd that it starts. Without NAME it lists them.',
    )
    .argument('[name]', 'which one')
    .addOption(
      new Option('--port <port>', 'where a stack that it starts listens')
        .default(8787)
        .argParser(wholeNumber(1, 65_535)),
    )
    .option('--quick', 'few repetitions: shows that it works, measures little')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ ./causeway bench\n  $ ./causeway bench run --json')
    .action(bench);
}

async function bench(
  name: string | undefined,
  { state, port, json = false, quick }: BenchOptions,
): Promise<void> {
  const names = benchNames();
  if (name === undefined) {
    for (const known of names) printResult(`./causeway bench ${known}`);
    return;
  }
  if (!names.includes(name)) {
    throw new Failure({
      what: `There is no benchmark called ${name}.`,
      why: 'each is a file of bench/',
      remedy: `name one of: ${names.join(', ')}`,
    });
  }
  const { run, edge, stack } = benchModule.parse(
    await import(pathToFileURL(join(BENCH_DIR, `${name}.ts`)).href),
  );
  if (!stack) return run({ json, quick });
  await withStack({ state, port, edge }, (connection) => run({ ...connection, state, json, quick }));
}

function benchNames(): string[] {
  return readdirSync(BENCH_DIR, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => entry.name.replace(/\.ts$/, ''));
}
