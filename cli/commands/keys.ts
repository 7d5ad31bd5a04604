import { type Command, Option } from 'commander';
import type { KeyOwner } from '../../worker/keys/data-key.ts';
import type { KekSource } from '../../worker/keys/kek-source.ts';
import { makeSigningKey } from '../../worker/oauth/keys/make-key.ts';
import { asKeyOperator } from '../database/key-operator.ts';
import { rotateOAuthKey } from '../database/oauth-operator.ts';
import { newestOf, openKeks, openSecretKeys } from '../keys/open-keys.ts';
import { openSource } from '../keys/open-source.ts';
import { type Rotation, rotateDataKeys, rotateKek } from '../keys/rotate-keys.ts';
import { withOwnedDatabase } from '../stack/with-database.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';
import { registerReseal } from './keys-reseal.ts';
import { tenantNamed } from './tenant-option.ts';

interface RotateOptions extends DatabaseOptions {
  readonly now?: boolean;
  readonly kek?: boolean;
  readonly tenant?: string;
  readonly platform?: boolean;
}

/** A new key is published for so long before it signs: whoever keeps the JWK Set for its five minutes has it by then. */
const SIGNS_AFTER_SECONDS = 600;
/** The earlier key verifies for so long after: far more than the ten minutes of an access token. */
const OVERLAP_SECONDS = 3600;

export function registerKeys(program: Command): void {
  const keys = program
    .command('keys')
    .summary('keys that sign access tokens, and keys of secrets and blobs at rest: rotate, reseal, status')
    .description('The keys of a deployment; docs/keys.md says what each is for.')
    .helpCommand(false);
  withDatabase(keys.command('rotate'))
    .summary('make a new key and retire the ones before it')
    .description(
      [
        'Without an option: publishes a new key for access tokens, which signs ten minutes later; the earlier ones verify for one more hour, so nobody notices.',
        'With --kek, --tenant or --platform: makes a new key for secrets at rest and seals anew what the earlier ones sealed, while everything is served. It may be interrupted: call it again, and it goes on.',
        'Where another database is named, KEY_PASSPHRASE (and KEY_PASSPHRASE_PREVIOUS while it is changed), or KMS_KEY and its companions, are read from the environment.',
      ].join('\n\n'),
    )
    .option(
      '--now',
      'after a theft of a signing key: sign with the new one at once and refuse the others within a minute; agents refresh by themselves',
    )
    .addOption(
      new Option('--kek', 'the key-encryption key, which wraps all others').conflicts([
        'now',
        'tenant',
        'platform',
      ]),
    )
    .addOption(
      new Option(
        '--tenant <id>',
        'the keys of a tenant; its blobs that are there stay under theirs',
      ).conflicts(['now', 'platform']),
    )
    .addOption(new Option('--platform', 'the key of the secrets of the platform').conflicts(['now']))
    .addHelpText(
      'after',
      '\nExamples:\n  $ ./causeway keys rotate\n  $ ./causeway keys rotate --now\n  $ ./causeway keys rotate --kek\n  $ ./causeway keys rotate --tenant ten_01jd...',
    )
    .action(rotate);
  registerReseal(keys);
}

/** Also for a stack that does not run: an overdue key keeps it from starting. */
async function rotate(options: RotateOptions): Promise<void> {
  const source = openSource(options);
  await withOwnedDatabase({ ...options, say: () => {} }, async ({ ownerUrl }) => {
    if (options.kek) return atRest(options, ownerUrl, source, 'kek');
    if (options.platform) return atRest(options, ownerUrl, source, null);
    if (options.tenant !== undefined) return atRest(options, ownerUrl, source, tenantNamed(options.tenant));
    await rotateSigningKey(options, ownerUrl, source);
  });
}

async function rotateSigningKey(options: RotateOptions, ownerUrl: string, source: KekSource): Promise<void> {
  const sealing = await asKeyOperator(ownerUrl, async (operator) =>
    newestOf(await openSecretKeys(operator, await openKeks(operator, source), null)),
  );
  const key = await makeSigningKey(sealing);
  const retired = await rotateOAuthKey(ownerUrl, key, {
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

async function atRest(
  options: RotateOptions,
  ownerUrl: string,
  source: KekSource,
  which: 'kek' | KeyOwner,
): Promise<void> {
  const tell = (resealed: number) => printNote(`  ${resealed} sealed anew`);
  const rotation = await asKeyOperator(ownerUrl, (operator) =>
    which === 'kek' ? rotateKek(operator, source, tell) : rotateDataKeys(operator, source, which, tell),
  );
  const { unreadable, ...told } = rotation;
  if (options.json) printJson({ ...told, unreadable: unreadable.map(({ place }) => place) });
  else for (const line of linesOf(rotation)) printNote(line);
  if (unreadable.length > 0) throw unreadableFailure(rotation);
}

function linesOf({ newest, resealed, retired, kept }: Rotation): readonly string[] {
  return [
    `${newest} seals from now on; ${resealed} were sealed anew.`,
    ...retired.map((keyId) => `${keyId} seals nothing any more and is deleted.`),
    ...kept.map(({ keyId, seconds }) =>
      seconds === null
        ? `${keyId} still seals something and stays.`
        : `${keyId} stays: the Worker may use it for ${Math.ceil(seconds / 60)} more minutes. Call this again after that, and it is deleted.`,
    ),
  ];
}

function unreadableFailure({ unreadable }: Rotation): Failure {
  return new Failure({
    what: `${unreadable.length} envelopes do not open with the key that they name; that key stays.`,
    why: 'they were damaged, or stood in another row, column or tenant when they were sealed',
    remedy: 'restore these rows from a backup, or delete them, and call this again',
    evidence: unreadable
      .slice(0, 10)
      .map(({ place }) => `${place.table}.${place.column} ${place.tenant ?? ''} ${place.row}`),
  });
}
