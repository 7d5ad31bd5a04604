import type { Resource } from '@modelcontextprotocol/server';
import { type BrowsedProject, selectBrowsed } from '../../database/browsing.ts';
import { withTenantAs } from '../../database/with-tenant.ts';
import { decodeCursor } from '../../tenants/cursor.ts';
import { pageOf } from '../../tenants/page.ts';
import { iconsOf } from '../icons.ts';
import type { ResourcePage } from '../offer.ts';
import type { ResourceFamily } from '../resource.ts';
import type { ToolContext } from '../tool.ts';
import { expandUri } from '../uri-template.ts';
import { dataSource } from './data-source.ts';
import { projectFile } from './project-file.ts';
import { runOutput } from './run-output.ts';
import { textType } from './text-type.ts';

const PROJECTS_MAX = 10;
const EACH_MAX = 8;

/**
 * What somebody would look for: of the projects that changed last their README, models and notes, their data, and what
 * their newest run left. Everything else is reached by template. One database request; what the credential's scopes do not
 * cover is left out.
 */
export async function browse(
  cursor: string | null,
  { platform, principal }: ToolContext,
): Promise<ResourcePage> {
  const [changedAt, project] = cursor === null ? ['', ''] : decodeCursor(cursor, ['', ''] as const);
  const { identity, results } = await withTenantAs(platform.database, principal, [
    selectBrowsed({
      before: cursor === null ? null : { changedAt, project },
      limit: PROJECTS_MAX + 1,
      each: EACH_MAX,
    }),
  ] as const);
  const shown = pageOf(results[0], PROJECTS_MAX, (row) => [row.changedAt, row.project]);
  const allows = ({ needs }: ResourceFamily) =>
    needs.scopes.every((scope) => identity.scopes.includes(scope));
  return {
    resources: shown.rows.flatMap((project) => listProject(project, allows, platform.publicUrl)),
    nextCursor: shown.cursor,
  };
}

function listProject(
  { project, name, changedAt, files, sources, outputs }: BrowsedProject,
  allows: (family: ResourceFamily) => boolean,
  publicUrl: string,
): Resource[] {
  const annotations = { lastModified: changedAt };
  return [
    ...files
      .filter(() => allows(projectFile))
      .map(({ path, bytes }) => ({
        uri: expandUri(projectFile.template, { project, path }),
        name: path,
        title: `${name}: ${path}`,
        icons: iconsOf(publicUrl, 'file'),
        mimeType: textType(path),
        size: bytes,
        annotations,
      })),
    ...sources
      .filter(() => allows(dataSource))
      .map(({ name: source, rows }) => ({
        uri: expandUri(dataSource.template, { project, source }),
        name: source,
        title: `${name}: data ${source}, ${rows === null ? 'schema only' : `${rows} rows`}`,
        icons: iconsOf(publicUrl, 'data'),
        mimeType: 'application/json',
      })),
    ...outputs
      .filter(() => allows(runOutput))
      .map(({ run, name: output, type, bytes }) => ({
        uri: expandUri(runOutput.template, { run, name: output }),
        name: output,
        title: `${name}: ${output} of the newest run`,
        icons: iconsOf(publicUrl, 'run'),
        mimeType: type,
        size: bytes,
      })),
  ];
}
