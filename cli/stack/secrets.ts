import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { idSchema, newId } from '../../protocol/ids.ts';
import { judgeSecretFile } from '../../protocol/judge-file.ts';
import { judgeKeys } from '../../protocol/judge-keys.ts';
import { knowSecrets } from '../../protocol/mask-secrets.ts';
import type { MigrateOptions } from '../database/migrate.ts';
import { Failure } from '../terminal/failure.ts';
import type { StatePaths } from './state-paths.ts';

const key = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

const secretsSchema = z.object({
  /** Signs tickets to the database; 32 bytes, base64url. */
  contextKey: key,
  /** Signs capabilities, upload links and cursors; 32 bytes, base64url. */
  sealKey: key,
  /** From which the key of secrets and blobs at rest is derived. */
  keyPassphrase: key,
  /** Passwords of the database roles `causeway_owner` and `causeway_app`. */
  ownerPassword: key,
  appPassword: key,
  /** The development tenant of this stack. No secret, but made with them and as lasting. */
  developmentTenant: idSchema('tenant'),
});
export type StackSecrets = z.infer<typeof secretsSchema>;

/**
 * The secrets of a stack, made at its first start and kept in a file that only its owner reads. One that is made from a backup goes
 * on with the passphrase of that deployment.
 */
export function readOrCreateSecrets(paths: StatePaths, keyPassphrase?: string): StackSecrets {
  const draw = (): string => randomBytes(32).toString('base64url');
  const known = readKnown(paths.secretsFile);
  // A folder of an earlier release lacks what has come since.
  if (known !== null && 'keyPassphrase' in known) {
    if (keyPassphrase !== undefined && known.keyPassphrase !== keyPassphrase) throw otherPassphrase(paths);
    return readSecrets(paths) as StackSecrets;
  }
  if (keyPassphrase !== undefined && !key.safeParse(keyPassphrase).success) throw undrawnPassphrase();
  const secrets = {
    contextKey: draw(),
    sealKey: draw(),
    keyPassphrase: keyPassphrase ?? draw(),
    ownerPassword: draw(),
    appPassword: draw(),
    developmentTenant: newId('tenant'),
    ...known,
  };
  writePrivateFile(paths.secretsFile, `${JSON.stringify(secrets, null, 2)}\n`);
  return readSecrets(paths) as StackSecrets;
}

/** Gives a stack another development tenant for good. */
export function replaceDevelopmentTenant(paths: StatePaths): StackSecrets['developmentTenant'] {
  const developmentTenant = newId('tenant');
  const secrets = { ...readKnown(paths.secretsFile), developmentTenant };
  writePrivateFile(paths.secretsFile, `${JSON.stringify(secrets, null, 2)}\n`);
  return developmentTenant;
}

function otherPassphrase(paths: StatePaths): Failure {
  return new Failure({
    what: `The stack in ${paths.root} has another passphrase.`,
    why: 'its secrets.json names one, and KEY_PASSPHRASE is not that one',
    remedy: 'name a new folder: --state DIR',
  });
}

function undrawnPassphrase(): Failure {
  return new Failure({
    what: 'A stack of this machine cannot go on with that passphrase.',
    why: 'KEY_PASSPHRASE is not 32 bytes as base64url, as those of stacks are',
    remedy: 'restore into a database of your own (--database-url), which a deployed Worker serves',
  });
}

/** What of a stack's secrets is in its database too. */
export function sharedSecrets(secrets: StackSecrets): Pick<MigrateOptions, 'appPassword' | 'ticketKeys'> {
  return {
    appPassword: secrets.appPassword,
    ticketKeys: { current: Buffer.from(secrets.contextKey, 'base64url') },
  };
}

function readKnown(file: string): object | null {
  const text = statSync(file, { throwIfNoEntry: false }) === undefined ? null : readFileSync(file, 'utf8');
  const known = text === null ? null : parsed(text);
  return typeof known === 'object' ? known : null;
}

/**
 * The secrets of a stack that was started before, or null. Throws a Failure with all that is wrong with them: who may read
 * their files, keys that are weak or serve two purposes.
 */
export function readSecrets(paths: StatePaths): StackSecrets | null {
  const found = lookAtSecrets(paths);
  if (found === null) return null;
  const { secrets, faults } = found;
  if (secrets !== null && faults.length === 0) return secrets;
  throw new Failure({
    what: 'The secrets of this stack must not be used.',
    why: faults.join('; '),
    remedy: `mend what is named; a development stack that may go is removed by ./causeway clean --state ${paths.root}`,
  });
}

/** Why a stack of this folder must not be started, all at once, each with its remedy; null where none ever was. */
export function judgeSecrets(paths: StatePaths): readonly string[] | null {
  return lookAtSecrets(paths)?.faults ?? null;
}

function lookAtSecrets(
  paths: StatePaths,
): { readonly secrets: StackSecrets | null; readonly faults: readonly string[] } | null {
  const { secretsFile, connectionFile, imageKeyFile, tlsKeyFile } = paths;
  const factsOf = (file: string) => statSync(file, { throwIfNoEntry: false }) ?? null;
  if (factsOf(secretsFile) === null) return null;
  const read = secretsSchema.safeParse(parsed(readFileSync(secretsFile, 'utf8')));
  if (read.success) knowSecrets(secretsIn(read.data));
  const faults = [
    ...[secretsFile, connectionFile, imageKeyFile, tlsKeyFile].flatMap((file) =>
      judgeSecretFile(file, factsOf(file), process.getuid?.() ?? 0),
    ),
    ...(read.success
      ? judgeKeys({
          CONTEXT_KEY: read.data.contextKey,
          SEAL_KEY: read.data.sealKey,
          KEY_PASSPHRASE: read.data.keyPassphrase,
          'The password of causeway_owner': read.data.ownerPassword,
          'The password of causeway_app': read.data.appPassword,
        })
      : [`${secretsFile} is not what ./causeway up wrote: put it back as it was`]),
  ];
  return { secrets: read.data ?? null, faults };
}

/** What nothing that the launcher prints beside a result may hold. */
function secretsIn({ developmentTenant: _, ...secrets }: StackSecrets): readonly string[] {
  return Object.values(secrets);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Replaces `file` in one step by one with mode 0600, so that no reader sees half of it and no one else reads it. */
export function writePrivateFile(file: string, text: string): void {
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
