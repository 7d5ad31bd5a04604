import { selectProjectAt } from '../database/projects.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { acceptedPath, foundCommit, foundFile, foundProject } from './find-project.ts';
import { type LineWindow, windowOf } from './line-window.ts';
import { readBlobText } from './read-blob.ts';

export interface FileRead extends LineWindow {
  readonly project: string;
  readonly commit: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A window of lines of one file at a commit. One database request and one blob. */
export async function readFile(
  platform: Platform,
  principal: Principal,
  asked: { project: string; path: string; ref: string | undefined; firstLine: number; linesMax: number },
): Promise<FileRead> {
  const path = acceptedPath(asked.path);
  const [at] = await withTenant(platform.database, principal, [
    selectProjectAt(asked.project, asked.ref ?? null),
  ] as const);
  const found = foundCommit(foundProject(at, asked.project), asked.ref);
  const entry = foundFile(found, path);
  const text = await readBlobText(platform, principal.tenantId, entry);
  return {
    project: found.project.id,
    commit: found.commit,
    path,
    bytes: entry.bytes,
    sha256: entry.sha256,
    ...windowOf(text, asked.firstLine, asked.linesMax),
  };
}
