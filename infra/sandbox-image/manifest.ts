import { z } from 'zod';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** `image.json`, beside each unpacked image. */
export const imageManifestSchema = z.object({
  digest,
  /** Digest of the lock file that the build started from. */
  createdFrom: digest,
  python: z.string(),
  /** The libraries that an analyst works with and their versions; what is missing stands in `absent`. */
  libraries: z.record(z.string(), z.string()),
  absent: z.array(z.string()),
  /** Why something is absent, in one sentence; absent itself where nothing is. */
  absentBecause: z.string().exactOptional(),
  /** Everything in the image. */
  packages: z.array(z.object({ name: z.string(), version: z.string(), from: z.enum(['debian', 'pypi']) })),
  /** What is not as the lock says, because the mirror has dropped a locked version. */
  changes: z.array(
    z.object({ name: z.string(), from: z.string().exactOptional(), to: z.string().exactOptional() }),
  ),
  /** Bytes of the uncompressed archive. */
  bytes: z.number().int(),
  user: z.object({ name: z.string(), uid: z.number().int(), gid: z.number().int() }),
  environment: z.record(z.string(), z.string()),
});

export type ImageManifest = z.infer<typeof imageManifestSchema>;
