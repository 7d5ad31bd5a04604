import type { GatheredPackages } from './gather-packages.ts';
import type { ImageManifest } from './manifest.ts';
import { recipe } from './recipe.ts';
import type { TarDigest } from './tree/canonical-tar.ts';

/** A Debian version without epoch and revision: `1:2.2.4+ds-1` is numpy 2.2.4. */
export const upstreamVersion = (debian: string): string =>
  debian
    .replace(/^\d+:/, '')
    .replace(/-[^-]+$/, '')
    .replace(/[+~](?:ds|dfsg|deb).*$/, '');

/** What `image.json` says of a build. */
export function describeImage(
  gathered: GatheredPackages,
  createdFrom: string,
  { digest, bytes }: TarDigest,
): ImageManifest {
  const wheelVersions = new Map(gathered.wheels.map((wheel) => [wheel.name, wheel.version]));
  const debVersions = new Map(gathered.debs.map((deb) => [deb.name, upstreamVersion(deb.version)]));
  const debianNames: Readonly<Record<string, string>> = recipe.debianLibraries;
  const versionOf = (library: string) =>
    wheelVersions.get(library) ?? debVersions.get(debianNames[library] ?? '');
  const libraries = recipe.wheels.flatMap((name) => {
    const version = versionOf(name);
    return version ? [[name, version] as const] : [];
  });
  return {
    digest,
    createdFrom,
    python: debVersions.get(`python${recipe.pythonMinor}-minimal`) ?? recipe.pythonMinor,
    libraries: Object.fromEntries(libraries),
    absent: recipe.wheels.filter((name) => !versionOf(name)),
    ...(gathered.withoutWheelsBecause && {
      absentBecause: `PyPI could not be reached when the image was built: ${gathered.withoutWheelsBecause}`,
    }),
    packages: [
      ...gathered.debs.map(({ name, version }) => ({ name, version, from: 'debian' as const })),
      ...gathered.wheels.map(({ name, version }) => ({ name, version, from: 'pypi' as const })),
    ],
    changes: [...gathered.changes],
    bytes,
    user: recipe.user,
    environment: recipe.environment,
  };
}
