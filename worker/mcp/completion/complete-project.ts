import { limit } from '../../../protocol/limits.ts';
import { refuseData } from '../../data/refuse-import.ts';
import { selectSources } from '../../database/data.ts';
import { selectProjectAt } from '../../database/projects.ts';
import { selectCommitIds, selectProjectNames } from '../../database/suggestions.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { foundProject } from '../../projects/find-project.ts';
import { type Completer, SUGGESTED_MAX } from '../completer.ts';

/** Names of projects. */
export const completeProject: Completer = async ({ prefix }, { platform, principal }) => {
  const [names] = await withTenant(platform.database, principal, [
    selectProjectNames(prefix, SUGGESTED_MAX),
  ] as const);
  return names;
};

/** Paths of the files of `project`, at `ref`. */
export const completeFile: Completer = async ({ prefix, known }, { platform, principal }) => {
  const { project, ref } = known;
  if (project === undefined) return [];
  const [at] = await withTenant(platform.database, principal, [
    selectProjectAt(project, ref ?? null),
  ] as const);
  return Object.keys(foundProject(at, project).files)
    .filter((path) => path.startsWith(prefix))
    .sort();
};

/** {@link completeFile}, for Python files alone. */
export const completeModel: Completer = async (begun, context) =>
  (await completeFile(begun, context)).filter((path) => path.endsWith('.py'));

/** Ids of the commits of `project`. */
export const completeRef: Completer = async ({ prefix, known }, { platform, principal }) => {
  if (known.project === undefined) return [];
  const [ids] = await withTenant(platform.database, principal, [
    selectCommitIds(known.project, prefix, SUGGESTED_MAX),
  ] as const);
  return ids;
};

/** Names of the data sources of `project`. */
export const completeSource: Completer = async ({ prefix, known }, { platform, principal }) => {
  const { project } = known;
  if (project === undefined) return [];
  const [found] = await withTenant(platform.database, principal, [
    selectSources(project, '', limit('project_data_sources')),
  ] as const);
  if (!found.ok) throw refuseData(found, { project, name: '' });
  return found.sources.map(({ name }) => name).filter((name) => name.startsWith(prefix));
};
