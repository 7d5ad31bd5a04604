import type { Command } from 'commander';
import { printVerdict } from '../gate/print-verdict.ts';
import { runGate } from '../gate/run-gate.ts';
import { printJson, printNote } from '../terminal/print.ts';
import { type JsonOptions, jsonOption } from './state-option.ts';

interface CheckOptions extends JsonOptions {
  readonly write?: boolean;
}

export function registerCheck(program: Command): void {
  program
    .command('check')
    .summary('the gate: claims about this checkout, each checked')
    .description('Checks what must hold of the checkout before anything is tested. `test` does this first.')
    .option('--write', 'first format, and make generated docs, schema.sql and snapshots anew')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ ./causeway check\n  $ ./causeway check --write')
    .action(check);
}

async function check({ write, json }: CheckOptions): Promise<void> {
  const { CLAIMS } = await import('../gate/claims.ts');
  if (write) for (const claim of CLAIMS) await claim.mend?.();
  const verdicts = await runGate(CLAIMS, json ? () => {} : printVerdict);
  const broken = verdicts.filter(({ findings }) => findings.length > 0);
  if (broken.length > 0) process.exitCode = 1;
  if (json) printJson({ ok: broken.length === 0, claims: verdicts });
  else if (broken.length > 0)
    printNote(
      `\n${broken.length} of ${verdicts.length} do not hold. ./causeway check --write mends what a program can.`,
    );
}
