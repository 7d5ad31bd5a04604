import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { makeFolder } from '../infra/sandbox-image/store/make-folder.ts';
import { judgeSecretFile } from '../protocol/judge-file.ts';
import { parseJson } from './parse-json.ts';

export type KeyFileRead<Value> =
  | { readonly ok: true; readonly value: Value | null }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads a file that holds a private key; null where there is none. One that somebody else could have read or put there is
 * refused: a link, another owner, or a mode that lets others in.
 */
export async function readKeyFile<Value>(
  file: string,
  schema: z.ZodType<Value>,
): Promise<KeyFileRead<Value>> {
  const opened = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => error,
  );
  if (opened instanceof Error) {
    // ENOTDIR: a part of the path is a file, so there is no key either; holdState says what is wrong with the folder.
    if (opened.code === 'ENOENT' || opened.code === 'ENOTDIR') return { ok: true, value: null };
    if (opened.code === 'EACCES')
      return {
        ok: false,
        reason: `${file} may not be opened by this process. Give it and its folder to root.`,
      };
    const why = opened.code === 'ELOOP' ? 'is a symbolic link' : `cannot be opened (${opened.code})`;
    return { ok: false, reason: `${file} ${why}. Put the executor's own file back, or join anew.` };
  }
  try {
    const { mode, uid } = await opened.stat();
    if ((mode & constants.S_IFMT) !== constants.S_IFREG)
      return { ok: false, reason: `${file} is no regular file. Join anew.` };
    const faults = judgeSecretFile(file, { mode, uid }, process.getuid?.() ?? 0);
    if (faults.length > 0)
      return {
        ok: false,
        reason: `${faults.join('; ')}, where you know that nobody looked. Else its key may be known: revoke this executor, remove the file, and join anew.`,
      };
    const value = schema.safeParse(parseJson(await opened.readFile('utf8')));
    if (value.success) return { ok: true, value: value.data };
    return {
      ok: false,
      reason: `${file} is not an executor's identity. Move it away and start with a new join token.`,
    };
  } finally {
    await opened.close();
  }
}

/** Writes a file with a private key, whole or not at all, so that it is there after a power cut. */
export async function writeKeyFile(file: string, value: object): Promise<void> {
  const making = await writeAside(file, value);
  await rename(making, file);
  await sync(dirname(file));
}

/** The same, but leaves what is there: false where another was first. */
export async function makeKeyFile(file: string, value: object): Promise<boolean> {
  const making = await writeAside(file, value);
  try {
    await link(making, file);
    await sync(dirname(file));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(making, { force: true });
  }
}

async function writeAside(file: string, value: object): Promise<string> {
  makeFolder(dirname(file), 0o700);
  const making = `${file}.${randomUUID()}.new`;
  const opened = await open(making, 'wx', 0o600);
  try {
    await opened.writeFile(JSON.stringify(value));
    await opened.sync();
  } finally {
    await opened.close();
  }
  return making;
}

async function sync(dir: string): Promise<void> {
  const opened = await open(dir);
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
