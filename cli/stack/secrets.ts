import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { idSchema, newId } from '../../protocol/ids.ts';
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

/** The secrets of a stack, made at its first start and kept in a file that only its owner reads. */
export function readOrCreateSecrets(paths: StatePaths): StackSecrets {
  const draw = (): string => randomBytes(32).toString('base64url');
  const known = readJson(paths.secretsFile);
  // A folder of an earlier release lacks what has come since.
  if (known !== null && 'keyPassphrase' in known) return secretsSchema.parse(known);
  const secrets = {
    contextKey: draw(),
    sealKey: draw(),
    keyPassphrase: draw(),
    ownerPassword: draw(),
    appPassword: draw(),
    developmentTenant: newId('tenant'),
    ...known,
  };
  writePrivateFile(paths.secretsFile, `${JSON.stringify(secrets, null, 2)}\n`);
  return secretsSchema.parse(secrets);
}

/** The secrets of a stack that was started before, or null. */
export function readSecrets(paths: StatePaths): StackSecrets | null {
  const known = readJson(paths.secretsFile);
  return known === null ? null : secretsSchema.parse(known);
}

function readJson(file: string): object | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Replaces `file` in one step by one with mode 0600, so that no reader sees half of it and no one else reads it. */
export function writePrivateFile(file: string, text: string): void {
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
