import type { ProvenImage } from '../infra/image-signature/prove-image.ts';
import { isUntouched, proveTree } from '../infra/image-signature/prove-tree.ts';

/**
 * Looks every so often whether the image on this host is still the one that was proven at the start, and calls `onChanged`,
 * once, where it is not. Sandboxes are started from it all the time, and to look before each would cost more than most runs.
 * @returns what ends the watch
 */
export function watchImage(
  image: ProvenImage,
  everyMs: number,
  onChanged: (reason: string) => void,
): () => void {
  let timer: NodeJS.Timeout;
  const look = async (): Promise<void> => {
    const reason = await whatChanged(image).catch((error: Error) => `it cannot be read: ${error.message}`);
    if (reason === null) timer = setTimeout(look, everyMs).unref();
    else
      onChanged(
        `image_changed: The sandbox image ${image.digest} was changed while it was in use: ${reason}. Nothing is served.`,
      );
  };
  timer = setTimeout(look, everyMs).unref();
  return () => clearTimeout(timer);
}

/** Whoever touched it, as by linking to its files, changed nothing that is signed. */
async function whatChanged(image: ProvenImage): Promise<string | null> {
  if (await isUntouched(image)) return null;
  const tree = await proveTree(image);
  return tree.ok ? null : `its files give ${tree.found}`;
}
