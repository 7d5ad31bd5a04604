import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { plain } from '../doctor/check.ts';
import { askHealth } from '../stack/parts/worker-health.ts';
import { askHolder } from '../stack/state-lock.ts';
import { DEFAULT_STATE_DIR, statePaths } from '../stack/state-paths.ts';
import { formatTable, printJson, printNote, printResult } from '../terminal/print.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

export function registerStatus(program: Command): void {
  program
    .command('status')
    .summary('what runs, where, and whether it is well')
    .description(
      'Shows the parts of the stack in a state folder. Exit code 1 where nothing runs or the Worker is not well.',
    )
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ ./causeway status\n  $ ./causeway status --json | jq .healthy')
    .action(status);
}

async function status({ state, json }: StateOptions & JsonOptions): Promise<void> {
  const holder = existsSync(statePaths(state).root) ? await askHolder(state) : null;
  if (holder === null) {
    process.exitCode = 1;
    if (json) printJson({ running: false, healthy: false, state });
    else {
      const here = state === DEFAULT_STATE_DIR ? '' : ` --state ${state}`;
      printNote(`Nothing runs in ${state}. Start it: ./causeway up${here}`);
    }
    return;
  }
  const health = await askHealth(holder.workerPort);
  const healthy = health?.ok === true;
  if (!healthy) process.exitCode = 1;
  if (json) {
    printJson({ running: true, healthy, findings: health?.findings ?? [], state, ...holder });
    return;
  }
  const rows = holder.parts.map(({ name, pid, port }) => [name, pid, port ?? '-']);
  printResult(`${holder.publicUrl} ${healthy ? 'is well' : 'is not well'}, since ${holder.startedAt}\n`);
  printResult(formatTable(['part', 'pid', 'port'], [['launcher', holder.pid, '-'], ...rows]));
  for (const finding of health?.findings ?? []) printNote(`  ! ${plain(finding, 500)}`);
  if (health === null) printNote('  ! the Worker does not answer; ./causeway logs worker');
}
