import { createHash } from 'node:crypto';
import { linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { importImage } from '../../../executor/import-image.ts';
import type { DockerApi, DockerImage } from '../../../executor/sandbox/docker-api.ts';
import type { SandboxImage } from '../../../infra/sandbox-image/store/image-store.ts';
import { digestTree } from '../../../infra/sandbox-image/tree/canonical-tar.ts';

/** More than what pipes and streams hold between tar and who reads it slowly. */
const FILE_BYTES = 8 * 1024 * 1024;

async function tree(): Promise<{ image: SandboxImage; file: string }> {
  const rootfsDir = mkdtempSync(join(tmpdir(), 'causeway-tree-'));
  onTestFinished(() => rmSync(rootfsDir, { recursive: true, force: true }));
  const file = join(rootfsDir, 'large');
  writeFileSync(file, Buffer.alloc(FILE_BYTES, 1));
  const { digest } = await digestTree(rootfsDir);
  return { image: { rootfsDir, digest } as SandboxImage, file };
}

/** A daemon that names a layer by what it was sent, while `meanwhile` happens. */
function daemon(meanwhile: () => void): DockerApi {
  let stored: DockerImage | null = null;
  return {
    image: async () => stored,
    async importImage(_repository: string, _tag: string, send: (body: PassThrough) => Promise<unknown>) {
      const body = new PassThrough();
      const sent = send(body);
      const hash = createHash('sha256');
      let isFirst = true;
      for await (const chunk of body) {
        if (isFirst) meanwhile();
        isFirst = false;
        hash.update(chunk as Buffer);
      }
      await sent;
      stored = { Id: 'imported', RootFS: { Layers: [`sha256:${hash.digest('hex')}`] } } as DockerImage;
    },
  } as unknown as DockerApi;
}

it('an image to whose files somebody links while they are read is imported as it is', async () => {
  const { image, file } = await tree();
  const outside = `${image.rootfsDir}-link`;
  onTestFinished(() => rmSync(outside, { force: true }));
  expect(
    await importImage(
      daemon(() => linkSync(file, outside)),
      image,
      () => {},
    ),
  ).toEqual({
    ok: true,
    id: 'imported',
  });
});

it('one whose bytes Mallory changes while they are read is refused', async () => {
  const { image, file } = await tree();
  const changed = await importImage(
    daemon(() => writeFileSync(file, Buffer.alloc(FILE_BYTES, 2))),
    image,
    () => {},
  );
  expect(changed).toMatchObject({ ok: false });
});
