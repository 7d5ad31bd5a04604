import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureImageKey } from '../../cli/identity/image-key.ts';
import { signImage } from '../../infra/image-signature/sign-image.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';

/** Signs the image of a cache with a key of this process, once; the command line with which an executor trusts it. */
export function imageArgs(cacheDir: string): Promise<readonly string[]> {
  made ??= sign(cacheDir);
  return made;
}
let made: Promise<readonly string[]> | undefined;

async function sign(cacheDir: string): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-image-key-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { publicKey, signer } = await ensureImageKey(join(folder, 'image-key'));
  const file = join(folder, 'image.sig');
  const signed = await signImage(await ensureImage({ stateDir: cacheDir }), signer, file);
  if (!signed.ok) throw new Error(signed.reason);
  return ['--image-key', publicKey, '--image-signature', file];
}
