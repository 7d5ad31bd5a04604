import { ProvisionProblem } from '../problem.ts';

/** Bases of a Debian mirror, as the host's own apt configuration spells them. */
export interface DebianMirror {
  readonly archive: string;
  /** Absent where the host follows no security archive. */
  readonly security?: string;
}

/** The format in which `apt-get indextargets` is asked for what `debianMirrorOf` reads. */
export const indexTargetsFormat = '$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)';

const debianReleases = /^(stable|testing|unstable|sid|oldstable|bookworm|trixie|forky|duke)$/;
const securityReleases = /^(stable|testing|oldstable|bookworm|trixie|forky|duke)-security$/;

/**
 * Finds the mirror among the host's index targets, by the names of the releases it serves: Debian's release names are used
 * by no other archive that a host would list first. Where the host is not a Debian, says so.
 */
export function debianMirrorOf(indexTargets: string): DebianMirror {
  const targets = indexTargets
    .split('\n')
    .map((line) => line.split('|'))
    .filter(
      ([createdBy, uri, , component]) =>
        createdBy === 'Packages' && !uri?.startsWith('cdrom:') && component === 'main',
    );
  const baseOf = (releases: RegExp) => targets.find(([, , release]) => releases.test(release ?? ''))?.[1];
  const archive = baseOf(debianReleases);
  if (!archive) {
    throw new ProvisionProblem(
      'not_debian',
      "This host's apt is not configured with a Debian archive, from which the sandbox image and runsc come.",
      'Use a Debian 12 or newer host, the dev container, or name a mirror in CAUSEWAY_DEBIAN_MIRROR.',
    );
  }
  const security = baseOf(securityReleases);
  return { archive, ...(security && { security }) };
}

/** Lines of a sources.list for `suite`. Only package indexes are fetched, only with Debian's own signature. */
export function sourcesList(mirror: DebianMirror, suite: string, keyring: string): string {
  const options = `[arch=amd64 target=Packages signed-by=${keyring}]`;
  return [
    `deb ${options} ${mirror.archive} ${suite} main`,
    ...(mirror.security ? [`deb ${options} ${mirror.security} ${suite}-security main`] : []),
    '',
  ].join('\n');
}
