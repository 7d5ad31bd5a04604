import type { Command } from 'commander';
import { makeSigningKey } from '../../worker/oauth/keys/make-key.ts';
import { deriveEnvelopeKey } from '../../worker/seal/envelope.ts';
import { rotateOAuthKey } from '../database/oauth-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { readSecrets } from '../stack/secrets.ts';
import { statePaths } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote } from '../terminal/print.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

interface RotateOptions extends StateOptions, JsonOptions {
  readonly databaseUrl?: string;
  readonly now?: boolean;
}

/** A new key is published for so long before it signs: whoever keeps the JWK Set for its five minutes has it by then. */
const SIGNS_AFTER_SECONDS = 600;
/** The earlier key verifies for so long after: far more than the ten minutes of an access token. */
const OVERLAP_SECONDS = 3600;

export function registerKeys(program: Command): void {
  program
    .command('keys')
    .summary('keys that sign access tokens: rotate')
    .description('The keys with which the authorization server signs access tokens.')
    .helpCommand(false)
    .command('rotate')
    .summary('publish a new key and retire the ones before it')
    .description(
      'Publishes a new signing key, which signs ten minutes later; the earlier ones verify for one more hour, so nobody notices. The private key is stored as an envelope under SEAL_KEY.',
    )
    .option(
      '--now',
      'after a theft: sign with the new key at once and refuse the others within a minute; agents refresh by themselves',
    )
    .option(
      '--database-url <url>',
      'another database, as causeway_owner (also: environment DATABASE_OWNER_URL); SEAL_KEY is then read from the environment',
    )
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ ./causeway keys rotate\n  $ ./causeway keys rotate --now')
    .action(rotate);
}

async function rotate(options: RotateOptions): Promise<void> {
  const envelopeKey = await deriveEnvelopeKey(sealKeyOf(options), 'oauth signing key');
  const key = await makeSigningKey(envelopeKey);
  const retired = await rotateOAuthKey(await ownerUrlOf(options), key, {
    signsAfterSeconds: options.now ? 0 : SIGNS_AFTER_SECONDS,
    overlapSeconds: options.now ? 0 : OVERLAP_SECONDS,
  });
  if (options.json) {
    printJson({ key: key.keyId, retired });
    return;
  }
  printNote(
    options.now
      ? `${key.keyId} signs from now on; ${retired} earlier refused within a minute.`
      : `${key.keyId} is published and signs in ten minutes; ${retired} earlier verify for an hour after that.`,
  );
}

function sealKeyOf({ state, databaseUrl }: RotateOptions): string {
  const isElsewhere = (databaseUrl ?? process.env.DATABASE_OWNER_URL) !== undefined;
  const sealKey = isElsewhere ? process.env.SEAL_KEY : readSecrets(statePaths(state))?.sealKey;
  if (sealKey !== undefined) return sealKey;
  throw new Failure({
    what: 'No key was made.',
    why: isElsewhere ? 'SEAL_KEY is not set' : `no stack was ever started in ${state}`,
    remedy: isElsewhere
      ? 'set SEAL_KEY to that of the deployment: its Worker opens the key with it'
      : 'start ./causeway up once, or name a database: --database-url URL',
  });
}
