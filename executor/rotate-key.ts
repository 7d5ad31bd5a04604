import { rename } from 'node:fs/promises';
import { z } from 'zod';
import { callSigned } from './call-signed.ts';
import { newKey, proofToRotate, publicKeyOf, type Stored, storedSchema } from './identity.ts';
import { makeKeyFile, readKeyFile } from './key-file.ts';
import { nextFileOf } from './own-key.ts';

const rotatedSchema = z.object({ executor: z.string(), changed: z.boolean() });

export type KeyRotated =
  | { readonly ok: true; readonly executor: string; readonly publicKey: string }
  | { readonly ok: false; readonly reason: string };

/**
 * Exchanges the executor's key. The new one is in a file before it is registered, and the old file goes when the server has
 * said yes: killed at any step, one of the two files holds the one good key, the daemon finds it, and the next call of this
 * ends what was begun.
 */
export async function rotateKey(file: string, baseUrl: string): Promise<KeyRotated> {
  const present = await readKeyFile(file, storedSchema);
  if (!present.ok) return present;
  if (present.value === null)
    return { ok: false, reason: 'This host has not joined: there is no key to change.' };
  const nextFile = nextFileOf(file);
  const isNew = await makeKeyFile(nextFile, { ...present.value, ...newKey() });
  const next = await readKeyFile(nextFile, storedSchema);
  if (!next.ok) return next;
  if (next.value === null) return { ok: false, reason: 'Another rotation of this key has just ended.' };
  let asked = await ask(baseUrl, present.value, next.value);
  // The server may have said yes to one that was killed before it heard: then the new key speaks for itself.
  if (asked.kind === 'refused' && !isNew) asked = await ask(baseUrl, next.value, next.value);
  switch (asked.kind) {
    case 'done':
      await rename(nextFile, file).catch(goneAlready);
      return { ok: true, executor: present.value.executor, publicKey: publicKeyOf(next.value) };
    case 'refused':
      return {
        ok: false,
        reason: `${baseUrl} knows neither key of this executor (status ${asked.status}). It was revoked, or somebody else has changed its key: revoke it and join anew.`,
      };
    case 'unknown':
      return {
        ok: false,
        reason: `${asked.reason} Nothing is lost: the daemon goes on with the key that is registered. Ask again.`,
      };
  }
}

/** The daemon was let on with the new key first, and has made it the only one. */
function goneAlready(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

type Asked =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unknown'; readonly reason: string };

async function ask(baseUrl: string, present: Stored, next: Stored): Promise<Asked> {
  const called = await callSigned(`${baseUrl}/executor/rotate-key`, (nowSeconds) =>
    proofToRotate(present, next, nowSeconds),
  );
  if (called.kind === 'failed') return { kind: 'unknown', reason: called.reason };
  if (called.status === 200 && rotatedSchema.safeParse(called.answer).success) return { kind: 'done' };
  if (called.status === 401) return { kind: 'refused', status: called.status };
  return { kind: 'unknown', reason: `${baseUrl} answered ${called.status}.` };
}
