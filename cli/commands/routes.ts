import { type Command, Option } from 'commander';
import type { Credential } from '../../worker/http/route.ts';
import { ROUTES } from '../../worker/http/routes.ts';
import { formatTable, printJson, printResult } from '../terminal/print.ts';
import { type JsonOptions, jsonOption } from './state-option.ts';

export function registerRoutes(program: Command): void {
  program
    .command('routes')
    .summary('every route of the Worker, and what a caller must show')
    .description('Lists every route of the Worker with its credential; any other address answers 401.')
    .addOption(new Option('--public', 'only those that need no credential'))
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ ./causeway routes --public\n  $ ./causeway routes --json')
    .action(routes);
}

function routes(options: JsonOptions & { readonly public?: boolean }): void {
  const isWanted = (credential: Credential): boolean => !options.public || credential === 'public';
  const wanted = ROUTES.filter(({ credential }) => isWanted(credential));
  if (options.json) {
    printJson(wanted);
    return;
  }
  const rows = wanted.map(({ method, path, credential, what }) => [method, path, credential, what]);
  printResult(formatTable(['method', 'path', 'credential', 'what'], rows));
}
