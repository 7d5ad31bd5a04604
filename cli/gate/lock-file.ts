interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * Optional packages of any platform that the lock file does not name. `npm ci` refuses such a file, and `npm install`
 * writes one where the registry in use has packages for one platform alone.
 */
export function findUnlockedPackages(lockFile: string): readonly string[] {
  const { packages } = JSON.parse(lockFile) as { packages: Readonly<Record<string, LockedPackage>> };
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !placesOf(path, name).some((place) => place in packages))
      .map(
        (name) =>
          `package-lock.json does not name ${name}, which ${path || 'this package'} wants where it fits`,
      ),
  );
}

/** Where Node would look for `name` from `path`, nearest first. */
function placesOf(path: string, name: string): readonly string[] {
  const parents = path.split(/\/?node_modules\//).filter(Boolean);
  return parents
    .map((_, index) => parents.slice(0, parents.length - index))
    .map((trail) => `${trail.map((parent) => `node_modules/${parent}`).join('/')}/node_modules/${name}`)
    .concat(`node_modules/${name}`);
}
