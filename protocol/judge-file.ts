/** What is asked of a file: `stat` of `node:fs`, or null where there is none. */
export interface FileFacts {
  readonly mode: number;
  readonly uid: number;
}

/**
 * What is wrong with who may read or change a file or folder that holds a secret: nobody but its owner, who is the user of
 * the program (`ownUid`) or root. Pure.
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
