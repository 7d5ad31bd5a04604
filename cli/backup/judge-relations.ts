import type { Relation } from '../database/snapshot.ts';

/** What is not copied, and why a restored database does not need it. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'app_private.signing_keys':
    'keys: the migrations draw one, and the other is installed from CONTEXT_KEY where a database is migrated',
  'migrations.applied': 'in the manifest: a restored database is migrated as far',
};

export interface JudgedRelations {
  readonly copied: readonly Relation[];
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  /** Why a backup would lack rows without saying so, each with its remedy. */
  readonly problems: readonly string[];
}

/**
 * Which relations are copied. The list is the catalogue's own, so that none is forgotten: what is of another kind, in another
 * schema, or read only in part by causeway_backup is a problem. Pure.
 */
export function judgeRelations(relations: readonly Relation[]): JudgedRelations {
  const leftOut = relations.flatMap(({ name }) => {
    const why = LEFT_OUT[name];
    return why === undefined ? [] : [{ name, why }];
  });
  const copied = relations.filter(({ name }) => LEFT_OUT[name] === undefined);
  return { copied, leftOut, problems: copied.flatMap(faultsOf) };
}

function faultsOf({ name, kind, isReadable, isGuarded, policies }: Relation): readonly string[] {
  if (kind !== 'r' || !name.startsWith('app.'))
    return [
      `${name} is no table of schema app, and nothing else is backed up: move it out of this database, or into a migration`,
    ];
  if (!isReadable)
    return [`causeway_backup may not read ${name}: grant select on ${name} to causeway_backup`];
  if (!isGuarded) return [];
  const seesAll = policies.some(({ isPermissive, isForAllRows }) => isPermissive && isForAllRows);
  const seesLess = policies.some(({ isPermissive }) => !isPermissive);
  return seesAll && !seesLess
    ? []
    : [
        `row security hides rows of ${name} from causeway_backup: give it a policy \`for select to causeway_backup using (true)\`, and no restrictive one`,
      ];
}
