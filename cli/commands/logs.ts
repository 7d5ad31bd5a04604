import { existsSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { type Command, Option } from 'commander';
import { maskSecrets } from '../../protocol/mask-secrets.ts';
import { followLogs, wholeLinesOf } from '../stack/follow-logs.ts';
import { logFileOf, PART_NAMES, type PartName, tailOf } from '../stack/part.ts';
import { statePaths } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { printResult, styled } from '../terminal/print.ts';
import { wholeNumber } from './number-option.ts';
import { type StateOptions, stateOption } from './state-option.ts';

interface LogOptions extends StateOptions {
  readonly follow?: boolean;
  readonly lines: number;
}

export function registerLogs(program: Command): void {
  program
    .command('logs')
    .summary('what the parts said')
    .description(
      `Shows the end of the logs of the last start. PART is one of: ${PART_NAMES.join(', ')}; without it, all.`,
    )
    .argument('[part]', 'whose log')
    .option('-f, --follow', 'go on showing what is added, until Ctrl-C')
    .addOption(new Option('-n, --lines <n>', 'lines of each log').default(20).argParser(wholeNumber(1, 1000)))
    .addOption(stateOption())
    .addHelpText('after', '\nExamples:\n  $ ./causeway logs worker --lines 50\n  $ ./causeway logs --follow')
    .action(logs);
}

async function logs(part: string | undefined, { state, follow, lines }: LogOptions): Promise<void> {
  const paths = statePaths(state);
  const wanted = part === undefined ? PART_NAMES : PART_NAMES.filter((name) => name === part);
  if (wanted.length === 0) {
    throw new Failure({
      what: `There is no part called ${part}.`,
      why: 'each part has a log of its own',
      remedy: `name one of: ${PART_NAMES.join(', ')}`,
    });
  }
  const sources = wanted.map((name) => ({ name, file: logFileOf(paths, name) }));
  if (!sources.some(({ file }) => existsSync(file))) {
    throw new Failure({
      what: `There are no logs in ${paths.logs}.`,
      why: 'nothing was started with this state folder',
      remedy: 'start it with ./causeway up, or name the folder with --state DIR',
    });
  }
  // Parts of ours mask what they log; Postgres, workerd and what a runtime says when it dies do not. A line is whole here.
  const print = (name: PartName, raw: string): void => {
    const line = maskSecrets(stripVTControlCharacters(raw));
    printResult(wanted.length === 1 ? line : `${styled('dim', name.padEnd(13), process.stdout)} ${line}`);
  };
  const logs = sources.map((source) => ({ ...source, shownBytes: wholeLinesOf(source.file) }));
  for (const { name, file, shownBytes } of logs)
    for (const line of tailOf(file, lines, follow ? shownBytes : undefined)) print(name, line);
  if (follow) await followLogs(logs, print);
}
