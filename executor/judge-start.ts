import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FileFacts, judgeSecretFile } from '../protocol/judge-file.ts';
import type { Config } from './config.ts';
import { identityFileOf, storedSchema } from './identity.ts';
import { readKeyFile } from './key-file.ts';
import { refuseAddress } from './refuse-address.ts';

export interface StartFacts {
  /** Null where none was given. */
  readonly url: string | null;
  readonly ownUid: number;
  /** The executor's own key, and the folder that holds it; null where there is none yet. */
  readonly identityFile: string;
  readonly identity: 'usable' | 'none' | { readonly fault: string };
  readonly folder: FileFacts | null;
  /** What gives a first identity; null where no file was named. */
  readonly joinToken: { readonly file: string; readonly isReadable: boolean } | null;
}

/** Why this executor must not start, all at once, each with its remedy. Pure. */
export function judgeStart(facts: StartFacts): readonly string[] {
  const { url, ownUid, identityFile, identity, folder, joinToken } = facts;
  const refused = url === null ? null : refuseAddress(url);
  return [
    ...(url === null ? ['There is no deployment to serve: name its https address with --url.'] : []),
    ...(refused === null ? [] : [`${url} is not dialled. ${refused}`]),
    ...(typeof identity === 'string' ? [] : [identity.fault]),
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

/** What {@link judgeStart} must know. */
export async function lookAtStart({
  url,
  stateDir,
  joinTokenFile,
}: Pick<Config, 'url' | 'stateDir' | 'joinTokenFile'>): Promise<StartFacts> {
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
    folder,
    joinToken: joinTokenFile === null ? null : { file: joinTokenFile, isReadable },
  };
}
