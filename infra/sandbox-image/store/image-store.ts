import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type ImageManifest, imageManifestSchema } from '../manifest.ts';

/** A build that was killed may have left a compiler that writes for a moment longer. */
const REMOVAL = { recursive: true, force: true, maxRetries: 20, retryDelay: 50 } as const;

/** An image that is unpacked and ready. `rootfsDir` belongs to root and must not be written to. */
export interface SandboxImage {
  readonly digest: string;
  readonly rootfsDir: string;
  readonly manifest: ImageManifest;
}

export const imagesFolder = (stateDir: string): string => path.join(stateDir, 'images');

const hexOf = (digest: string) => digest.replace(/^sha256:/, '');
const imageFolder = (stateDir: string, digest: string) => path.join(imagesFolder(stateDir), hexOf(digest));
const pointerFile = (stateDir: string, inputs: string) =>
  path.join(imagesFolder(stateDir), 'by-inputs', inputs);

export const archiveFile = (stateDir: string, digest: string): string =>
  `${imageFolder(stateDir, digest)}.tar.gz`;

/** The image with this digest, where it is unpacked here. */
async function openImage(stateDir: string, digest: string): Promise<SandboxImage | undefined> {
  const folder = imageFolder(stateDir, digest);
  const text = await readFile(path.join(folder, 'image.json'), 'utf8').catch(() => undefined);
  const manifest = text && imageManifestSchema.safeParse(JSON.parse(text)).data;
  return manifest ? { digest, rootfsDir: path.join(folder, 'rootfs'), manifest } : undefined;
}

/** The image that was last built from these inputs, and how long ago. */
export async function findImageOf(
  stateDir: string,
  inputs: string,
): Promise<{ image: SandboxImage; ageMs: number } | undefined> {
  const file = pointerFile(stateDir, inputs);
  const digest = await readFile(file, 'utf8').catch(() => undefined);
  const image = digest && (await openImage(stateDir, digest));
  if (!image) return undefined;
  const { mtimeMs } = await stat(file);
  return { image, ageMs: Date.now() - mtimeMs };
}

/** A folder in which a build works. It is on the same disk as the images, and what a killed build left is removed first. */
export async function openBuildFolder(stateDir: string): Promise<string> {
  const images = imagesFolder(stateDir);
  await mkdir(images, { recursive: true });
  for (const name of await readdir(images)) {
    if (name.startsWith('.building-')) await rm(path.join(images, name), REMOVAL);
  }
  const folder = path.join(images, `.building-${process.pid}`);
  await mkdir(path.join(folder, 'rootfs'), { recursive: true });
  return folder;
}

/**
 * Moves a finished build into place: the rename is the moment from which the image exists. A build that came out equal to an
 * image already here is dropped.
 */
export async function placeImage(
  stateDir: string,
  buildFolder: string,
  manifest: ImageManifest,
): Promise<SandboxImage> {
  const existing = await openImage(stateDir, manifest.digest);
  if (existing) {
    await replaceFile(path.join(path.dirname(existing.rootfsDir), 'image.json'), printManifest(manifest));
    await rm(buildFolder, { recursive: true });
  } else {
    await writeFile(path.join(buildFolder, 'image.json'), printManifest(manifest));
    await rename(buildFolder, imageFolder(stateDir, manifest.digest));
  }
  return {
    digest: manifest.digest,
    rootfsDir: path.join(imageFolder(stateDir, manifest.digest), 'rootfs'),
    manifest,
  };
}

/** Remembers which image these inputs gave. */
export async function rememberImage(stateDir: string, inputs: string, digest: string): Promise<void> {
  const file = pointerFile(stateDir, inputs);
  await mkdir(path.dirname(file), { recursive: true });
  await replaceFile(file, digest);
}

async function replaceFile(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

const printManifest = (manifest: ImageManifest) => `${JSON.stringify(manifest, null, 1)}\n`;
