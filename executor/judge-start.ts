import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readImageKeys } from '../infra/image-signature/read-image-keys.ts';
import { type FileFacts, judgeSecretFile } from '../protocol/judge-file.ts';
import { maskSecrets } from '../protocol/mask-secrets.ts';
import type { Config } from './config.ts';
import { identityFileOf, storedSchema } from './identity.ts';
import { keyDays } from './key-age.ts';
import { readKeyFile } from './key-file.ts';
import { refuseAddress } from './refuse-address.ts';

export interface StartFacts {
  /** Null where none was given. */
  readonly url: string | null;
  readonly ownUid: number;
  /** The executor's own key, and the folder that holds it; null where there is none yet. */
  readonly identityFile: string;
  readonly identity: 'usable' | 'none' | { readonly fault: string };
  /** Null where there is no key, or nobody knows. */
  readonly keyDays: number | null;
  readonly keyDaysMax: number;
  readonly folder: FileFacts | null;
  /** What gives a first identity; null where no file was named. */
  readonly joinToken: { readonly file: string; readonly isReadable: boolean } | null;
}

/** Why this executor must not start, all at once, each with its remedy. Pure. */
export function judgeStart(facts: StartFacts): readonly string[] {
  const { url, ownUid, identityFile, identity, keyDays, keyDaysMax, folder, joinToken } = facts;
  const refused = url === null ? null : refuseAddress(url);
  return [
    ...(url === null ? ['There is no deployment to serve: name its https address with --url.'] : []),
    ...(refused === null ? [] : [`${maskSecrets(url ?? '')} is not dialled. ${refused}`]),
    ...(typeof identity === 'string' ? [] : [identity.fault]),
    ...(keyDays !== null && keyDays > keyDaysMax
      ? [
          `The key in ${identityFile} is ${keyDays} days old, and overdue after ${keyDaysMax}: run causeway-executor rotate-key, or revoke this executor, remove the file, and join anew.`,
        ]
      : []),
    // Others may look into the folder; but whoever may write to it could put another key there.
    ...judgeSecretFile(dirname(identityFile), folder && { ...folder, mode: folder.mode & ~0o055 }, ownUid),
    ...(identity === 'none' && joinToken === null
      ? ['This executor has no identity yet: pass --join-token-file with a join token.']
      : []),
    ...(identity === 'none' && joinToken?.isReadable === false
      ? [
          `${joinToken.file} cannot be read: put a join token there (./causeway executor join-token makes one).`,
        ]
      : []),
  ];
}

/** The same of the keys of images, of which a start that meets nothing else tells its deployment too. */
export async function judgeImageKeys(given: readonly string[]): Promise<readonly string[]> {
  const read = await readImageKeys(given);
  return read.ok ? [] : [read.reason];
}

/** What {@link judgeStart} must know. */
export async function lookAtStart({
  url,
  stateDir,
  joinTokenFile,
  keyDaysMax,
}: Pick<Config, 'url' | 'stateDir' | 'joinTokenFile' | 'keyDaysMax'>): Promise<StartFacts> {
  const identityFile = identityFileOf(stateDir);
  const [read, folder, isReadable] = await Promise.all([
    readKeyFile(identityFile, storedSchema),
    stat(stateDir).catch(() => null),
    access(joinTokenFile ?? '', constants.R_OK).then(
      () => true,
      () => false,
    ),
  ]);
  return {
    url,
    ownUid: process.getuid?.() ?? 0,
    identityFile,
    identity: read.ok ? (read.value === null ? 'none' : 'usable') : { fault: read.reason },
    keyDays: read.ok && read.value !== null ? keyDays(read.value.made_at, Date.now()) : null,
    keyDaysMax,
    folder,
    joinToken: joinTokenFile === null ? null : { file: joinTokenFile, isReadable },
  };
}
