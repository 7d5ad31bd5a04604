import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openNote } from '../../protocol/signed-note.ts';
import { imageManifestSchema } from '../sandbox-image/manifest.ts';
import { imagesFolder, type SandboxImage } from '../sandbox-image/store/image-store.ts';
import { proveTree } from './prove-tree.ts';
import { readImageKeys } from './read-image-keys.ts';
import { type ImageRefused, refuseImage } from './refusal.ts';
import { readStatement } from './statement.ts';

export interface ImageTrust {
  /** Public keys, or files of them ({@link readImageKeys}). */
  readonly keys: readonly string[];
  readonly signatureFile: string;
}

declare const proven: unique symbol;
/** An image whose tree and description are the ones that a trusted key signed. Only {@link proveImage} makes one. */
export type ProvenImage = SandboxImage & { readonly [proven]: true };

export type ImageProven =
  | {
      readonly ok: true;
      readonly image: ProvenImage;
      /** The trusted keys that signed it, as `<name>+<key id>`. */
      readonly signedBy: readonly string[];
    }
  | ImageRefused;

/** Where a signature lies unless a setting says otherwise: beside the unpacked image. */
export function signatureFileOf(cacheDir: string, digest: string): string {
  return join(imagesFolder(cacheDir), `${digest.replace('sha256:', '')}.sig`);
}

/** `image.json` as it lies beside the tree, with its SHA-256 as a signature names it. */
export async function readDescription(image: SandboxImage) {
  const bytes = await readFile(join(dirname(image.rootfsDir), 'image.json'));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { manifest: imageManifestSchema.parse(JSON.parse(bytes.toString())), sha256: `sha256:${sha256}` };
}

/** Proves that a trusted key signed this image and that it is unchanged on this host; or says what to do. */
export async function proveImage(
  image: SandboxImage,
  trust: ImageTrust,
  onReading: () => void = () => {},
): Promise<ImageProven> {
  const trusted = await readImageKeys(trust.keys);
  if (!trusted.ok) return trusted;
  const note = await readFile(trust.signatureFile, 'utf8').catch(() => null);
  if (note === null)
    return refuseImage(
      'image_unsigned',
      `There is no signature of ${image.digest} at ${trust.signatureFile}.`,
      'Sign it where the private key is (./causeway image sign --key FILE), and put the signature there.',
    );
  const opened = await openNote(note, trusted.keys);
  if (!opened.ok) return refuseNote(opened.reason, trust.signatureFile);
  const statement = readStatement(opened.text);
  if (statement === null) return refuseNote('malformed', trust.signatureFile);
  const { manifest, sha256 } = await readDescription(image);
  const folder = dirname(image.rootfsDir);
  if (statement.digest !== image.digest)
    return refuseImage(
      'signature_of_another_image',
      `${trust.signatureFile} is for ${statement.digest}; this host has ${image.digest}.`,
      'Equal versions of Causeway build equal images: sign that of this version, or bring this host to the version that was signed.',
    );
  if (statement.manifest !== sha256)
    return refuseImage(
      'signature_of_another_image',
      `image.json of ${image.digest} is not the one that was signed.`,
      `Remove ${folder} and start again: it is built anew.`,
    );
  const tree = await proveTree(image, onReading);
  if (!tree.ok)
    return refuseImage(
      'image_changed',
      `The files of ${image.digest} were changed on this host: they give ${tree.found}.`,
      `Find out who did it, remove ${folder}, and start again: it is built anew.`,
    );
  return { ok: true, image: { ...image, manifest } as ProvenImage, signedBy: opened.by };
}

function refuseNote(reason: 'malformed' | 'unknown_key' | 'invalid', file: string): ImageRefused {
  const take = 'Take the file that ./causeway image sign wrote.';
  switch (reason) {
    case 'malformed':
      return refuseImage('signature_malformed', `${file} is no signature of a sandbox image.`, take);
    case 'unknown_key':
      return refuseImage(
        'signature_unknown_key',
        `${file} is signed by no key that this host trusts.`,
        'Sign the image with one that it trusts, or trust the signer with --image-key.',
      );
    case 'invalid':
      return refuseImage(
        'signature_invalid',
        `${file} claims a trusted key that did not sign it: it was changed or made up.`,
        take,
      );
  }
}
