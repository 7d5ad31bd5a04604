import type { Command } from 'commander';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

export interface DatabaseOptions extends StateOptions, JsonOptions {
  readonly databaseUrl?: string;
}

/** The options of a command that works on the database as its owner. */
export function withDatabase(command: Command): Command {
  return command
    .option(
      '--database-url <url>',
      'another database, as causeway_owner (also: environment DATABASE_OWNER_URL)',
    )
    .addOption(stateOption())
    .addOption(jsonOption());
}
