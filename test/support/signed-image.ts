import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureImageKey, readImageKey } from '../../cli/identity/image-key.ts';
import { signImage } from '../../infra/image-signature/sign-image.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';

/** Signs the image of a cache with a key of the tests, once for all of them; the command line with which an executor trusts it. */
export function imageArgs(cacheDir: string): Promise<readonly string[]> {
  made ??= sign(cacheDir);
  return made;
}
let made: Promise<readonly string[]> | undefined;

/** Key and signature are kept in the cache, whole: test processes end in ways in which they can remove nothing. */
async function sign(cacheDir: string): Promise<readonly string[]> {
  const image = await ensureImage({ stateDir: cacheDir });
  const folder = join(cacheDir, `signed-for-tests-${image.digest.replace('sha256:', '').slice(0, 16)}`);
  const kept = await readImageKey(join(folder, 'image-key')).catch(() => null);
  if (kept === null) {
    const making = mkdtempSync(`${folder}.`);
    const { signer } = await ensureImageKey(join(making, 'image-key'));
    const signed = await signImage(image, signer, join(making, 'image.sig'));
    if (!signed.ok) throw new Error(signed.reason);
    try {
      renameSync(making, folder);
    } catch {
      // Another process was sooner.
      rmSync(making, { recursive: true });
    }
  }
  const { publicKey } = await readImageKey(join(folder, 'image-key'));
  return ['--image-key', publicKey, '--image-signature', join(folder, 'image.sig')];
}
