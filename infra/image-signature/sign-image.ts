import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type NoteSigner, signersOf, signNote } from '../../protocol/signed-note.ts';
import type { SandboxImage } from '../sandbox-image/store/image-store.ts';
import { makeFolder } from '../sandbox-image/store/make-folder.ts';
import { readDescription } from './prove-image.ts';
import { proveTree } from './prove-tree.ts';
import { type ImageRefused, refuseImage } from './refusal.ts';
import { printStatement, readStatement } from './statement.ts';

/**
 * Signs an image that is unpacked here, after proving that its tree still has its digest. Where `file` holds a signature of the
 * same image by other keys, this one is added to it; that of another image is replaced.
 */
export async function signImage(
  image: SandboxImage,
  signer: NoteSigner,
  file: string,
  onReading: () => void = () => {},
): Promise<{ readonly ok: true; readonly note: string } | ImageRefused> {
  const tree = await proveTree(image, onReading);
  if (!tree.ok)
    return refuseImage(
      'image_changed',
      `The files of ${image.digest} were changed on this machine: they give ${tree.found}.`,
      `Remove ${dirname(image.rootfsDir)}: it is built anew.`,
    );
  const { sha256 } = await readDescription(image);
  const before = await readFile(file, 'utf8').catch(() => '');
  const said = readStatement(before.slice(0, before.indexOf('\n\n') + 1));
  const isOfThis = said?.digest === image.digest && said.manifest === sha256;
  if (isOfThis && signersOf(before)?.includes(`${signer.name}+${signer.keyId}`))
    return { ok: true, note: before };
  const text = printStatement({ digest: image.digest, manifest: sha256, created: new Date() });
  const note = await signNote(isOfThis ? before : text, signer);
  makeFolder(dirname(file));
  await writeFile(`${file}.new`, note, { mode: 0o644 });
  await rename(`${file}.new`, file);
  return { ok: true, note };
}
