import type { LockedDeb } from '../lock.ts';
import { ProvisionProblem } from '../problem.ts';
import { lastWords, succeeded } from '../run-command.ts';
import { type AptRoot, aptGet } from './private-root.ts';

const uriLine =
  /^'[^']+' (?<name>[^_\s]+)_(?<version>[^_\s]+)_[a-z0-9]+\.deb (?<bytes>\d+) SHA256:(?<sha256>[0-9a-f]{64})$/;

/** Reads what `apt-get --print-uris` prints; file names carry a version's epoch as `%3a`. */
export function parsePrintedUris(text: string): LockedDeb[] {
  return text.split('\n').flatMap((line) => {
    const found = uriLine.exec(line)?.groups;
    if (!found) return [];
    const { name = '', version = '', bytes = '', sha256 = '' } = found;
    return [{ name, version: decodeURIComponent(version), bytes: Number(bytes), sha256 }];
  });
}

/** The closure of `packages` without recommends on an empty system, from the signed index, sorted by name. */
export async function resolveDebs(
  root: AptRoot,
  packages: readonly string[],
  leftOut: readonly string[] = [],
): Promise<LockedDeb[]> {
  const result = await aptGet(root, [
    'install',
    '--no-install-recommends',
    '-y',
    '--print-uris',
    ...packages,
  ]);
  if (!succeeded(result)) {
    throw new ProvisionProblem(
      'package_gone',
      `Debian's packages ${packages.join(', ')} cannot be resolved:\n${lastWords(result)}`,
      'The recipe in infra/sandbox-image/recipe.ts names a package that this Debian release does not have any more.',
    );
  }
  return parsePrintedUris(result.stdout)
    .filter((deb) => !leftOut.includes(deb.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What the signed index says of exactly these versions, or undefined where the mirror has dropped one of them. */
export async function lookUpVersions(
  root: AptRoot,
  debs: readonly LockedDeb[],
): Promise<LockedDeb[] | undefined> {
  const result = await aptGet(root, ['download', '--print-uris', ...debs.map(aptName)]);
  return succeeded(result) ? parsePrintedUris(result.stdout) : undefined;
}

export const aptName = (deb: Pick<LockedDeb, 'name' | 'version'>): string => `${deb.name}=${deb.version}`;
