import { signImage } from '../../../infra/image-signature/sign-image.ts';
import { ensureImage } from '../../../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../../../infra/sandbox-image/ensure-runsc.ts';
import { ProvisionProblem } from '../../../infra/sandbox-image/problem.ts';
import type { Progress } from '../../../infra/sandbox-image/progress.ts';
import { ensureImageKey } from '../../identity/image-key.ts';
import { Failure } from '../../terminal/failure.ts';
import { CACHE_DIR, type StatePaths } from '../state-paths.ts';

/** Where the signature of the image is, and the key that made it, as the executor's settings name them. */
export interface SignedImage {
  readonly publicKey: string;
  readonly signatureFile: string;
}

/**
 * Makes sure that gVisor and the sandbox image are there (the executor finds both in the cache), and signs the image with
 * a key of this stack's own: its executor proves what it starts just as one in production does.
 */
export async function prepareSandbox(
  paths: Pick<StatePaths, 'imageKeyFile' | 'imageSignatureFile'>,
  say: (doing: string) => void,
  signal: AbortSignal,
): Promise<SignedImage> {
  const options = {
    stateDir: CACHE_DIR,
    signal,
    onProgress: (progress: Progress) => say(describe(progress)),
  };
  try {
    await ensureRunsc(options);
    const image = await ensureImage(options);
    const { publicKey, signer } = await ensureImageKey(paths.imageKeyFile);
    const signatureFile = paths.imageSignatureFile;
    const signed = await signImage(image, signer, signatureFile, () => say('reading the image, to sign it'));
    if (signed.ok) return { publicKey, signatureFile };
    throw new ProvisionProblem('hash_mismatch', 'The sandbox image was not signed.', signed.reason);
  } catch (thrown) {
    if (!(thrown instanceof ProvisionProblem)) throw thrown;
    throw new Failure({
      what: 'The sandbox could not be prepared.',
      why: thrown.message,
      remedy: thrown.remedy,
    });
  }
}

function describe({ says, done, total, unit }: Progress): string {
  if (done === undefined) return says;
  return `${says} ${done}${total === undefined ? '' : ` of ${total}`}${unit === undefined ? '' : ` ${unit}`}`;
}
