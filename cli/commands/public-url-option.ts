import type { Command } from 'commander';
import { parsePublicUrl } from '../settings/public-url.ts';
import { readConnection } from '../stack/connection-file.ts';
import { statePaths } from '../stack/state-paths.ts';
import type { StateOptions } from './state-option.ts';

export interface PublicUrlOptions {
  readonly publicUrl?: string;
}

/** What a command says of a change that it could not tell the Worker of. */
export const WITHIN_A_MINUTE =
  'the Worker was not reached, so it holds within a minute (--public-url names the deployment)';

/** For a command whose change the Worker is told of. */
export function withPublicUrl(command: Command): Command {
  return command.option(
    '--public-url <url>',
    'the address of the deployment, where it is not this stack',
    parsePublicUrl,
  );
}

/** The address of the deployment that a command works on, where it is known. */
export function publicUrlIfKnown(options: StateOptions & PublicUrlOptions): string | undefined {
  return options.publicUrl ?? readConnection(statePaths(options.state))?.issuer;
}
