import type { SandboxImage } from '../infra/sandbox-image/store/image-store.ts';
import { streamTree } from '../infra/sandbox-image/tree/canonical-tar.ts';
import type { Log } from './log.ts';
import type { DockerApi } from './sandbox/docker-api.ts';

/** The name under which images are imported; the tag is the digest of the tree. */
const REPOSITORY = 'causeway-sandbox';

export type ImageImported =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly reason: string };

/**
 * Imports the sandbox image into Docker, once. Its digest is that of its canonical tar, and Docker names a layer by the digest
 * of its tar as well: so the daemon's own record proves what was imported.
 */
export async function importImage(api: DockerApi, image: SandboxImage, log: Log): Promise<ImageImported> {
  const tag = image.digest.replace('sha256:', '');
  const find = () => api.image(`${REPOSITORY}:${tag}`);
  let found = await find();
  if (found === null) {
    log('info', 'importing the sandbox image into Docker', { image: image.digest });
    let complaint: unknown = null;
    // tar ends with a complaint where somebody has linked to a file meanwhile. What it wrote is judged by its digest.
    const send = (body: NodeJS.WritableStream) =>
      streamTree(image.rootfsDir, body).catch((error: unknown) => {
        complaint = error;
      });
    await api.importImage(REPOSITORY, tag, send);
    found = await find();
    if (found === null && complaint !== null) throw complaint;
  }
  const layers = found?.RootFS.Layers ?? [];
  if (found !== null && layers.length === 1 && layers[0] === image.digest) return { ok: true, id: found.Id };
  return {
    ok: false,
    reason: `Docker's image ${REPOSITORY}:${tag} is not the sandbox image ${image.digest}. Remove it with \`docker image rm\`, and start again.`,
  };
}
