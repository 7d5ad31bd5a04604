import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FileFacts, judgeSecretFile } from '../protocol/judge-file.ts';
import { refuseAddress } from './refuse-address.ts';

export interface StartFacts {
  readonly url: string;
  readonly ownUid: number;
  /** The executor's own key, and the folder that holds it; null where there is none yet. */
  readonly identityFile: string;
  readonly identity: FileFacts | null;
  readonly folder: FileFacts | null;
}

/** Why this executor must not start, all at once, each with its remedy. Pure. */
export function judgeStart({ url, ownUid, identityFile, identity, folder }: StartFacts): readonly string[] {
  const refused = refuseAddress(url);
  return [
    ...(refused === null ? [] : [`${url} is not dialled. ${refused}`]),
    ...judgeSecretFile(identityFile, identity, ownUid),
    // Others may look into the folder; who may write there may put another key into it.
    ...judgeSecretFile(dirname(identityFile), folder && { ...folder, mode: folder.mode & ~0o055 }, ownUid),
  ];
}

/** What {@link judgeStart} must know. */
export async function lookAtStart(url: string, identityFile: string): Promise<StartFacts> {
  const facts = (path: string) => stat(path).catch(() => null);
  const [identity, folder] = await Promise.all([facts(identityFile), facts(dirname(identityFile))]);
  return { url, ownUid: process.getuid?.() ?? 0, identityFile, identity, folder };
}
