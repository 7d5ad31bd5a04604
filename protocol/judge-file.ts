/** What must be known of a file: what `stat` of `node:fs` says. */
export interface FileFacts {
  readonly mode: number;
  readonly uid: number;
}

/**
 * What is wrong with the permissions of a file or folder that holds a secret: its owner must be the program's user
 * (`ownUid`) or root, and nobody else may read or change it. `facts` is null where there is no such file. Pure.
 */
export function judgeSecretFile(path: string, facts: FileFacts | null, ownUid: number): readonly string[] {
  if (facts === null) return [];
  const wide = facts.mode & 0o077;
  return [
    ...(wide === 0
      ? []
      : [
          `${path} can be ${(wide & 0o022) === 0 ? 'read' : 'read or changed'} by others (mode ${(facts.mode & 0o777).toString(8).padStart(4, '0')}): chmod go= ${path}`,
        ]),
    ...(facts.uid === ownUid || facts.uid === 0
      ? []
      : [`${path} belongs to another user (${facts.uid}): chown ${ownUid} ${path}`]),
  ];
}
