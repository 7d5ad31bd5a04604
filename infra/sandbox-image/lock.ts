import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ProvisionProblem } from './problem.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z.number().int().positive();

const debSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/),
  version: z.string().regex(/^[0-9A-Za-z.+~:-]+$/),
  bytes,
  sha256,
});

const wheelSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  version: z.string().regex(/^[0-9A-Za-z.+!]+$/),
  filename: z.string().regex(/^[\w.+-]+\.whl$/),
  bytes,
  sha256,
});

/** `lock.json`. It names no address: where packages come from is the host's own configuration. */
const lockSchema = z.strictObject({
  base: z.array(debSchema).min(1),
  wheels: z.array(wheelSchema).min(1),
  debianLibraries: z.array(debSchema).min(1),
});

export type LockedDeb = z.infer<typeof debSchema>;
export type LockedWheel = z.infer<typeof wheelSchema>;
export type Lock = z.infer<typeof lockSchema>;

/** A package whose version is not the locked one any more. `from` or `to` is absent for one that came or went. */
export interface PackageChange {
  readonly name: string;
  readonly from?: string;
  readonly to?: string;
}

export function parseLock(text: string): Lock {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = lockSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ProvisionProblem(
    'lock_invalid',
    `The lock file of the sandbox image is not valid: ${z.prettifyError(parsed.error)}`,
    'Restore it from git, or make a new one with `node infra/sandbox-image/build.ts --update-lock`.',
  );
}

export const printLock = (lock: Lock): string => `${JSON.stringify(lock, null, 2)}\n`;

export const lockDigest = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** What differs between two lists of packages, by name. */
export function packageChanges(
  before: readonly { name: string; version: string }[],
  after: readonly { name: string; version: string }[],
): PackageChange[] {
  const old = new Map(before.map((item) => [item.name, item.version]));
  const now = new Map(after.map((item) => [item.name, item.version]));
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return names.flatMap((name) => {
    const from = old.get(name);
    const to = now.get(name);
    return from === to ? [] : [{ name, ...(from && { from }), ...(to && { to }) }];
  });
}
