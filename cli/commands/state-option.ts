import { resolve } from 'node:path';
import { Option } from 'commander';
import { DEFAULT_STATE_DIR } from '../stack/state-paths.ts';

/** `--state DIR`, the same for every command. */
export function stateOption(): Option {
  return new Option('--state <dir>', 'the folder that holds the stack')
    .default(DEFAULT_STATE_DIR, '.causeway/')
    .argParser((dir) => resolve(dir));
}

/** `--json`, for commands that a program might read. */
export function jsonOption(): Option {
  return new Option('--json', 'print JSON for a program instead of text for a person');
}

export interface StateOptions {
  readonly state: string;
}
export interface JsonOptions {
  readonly json?: boolean;
}
