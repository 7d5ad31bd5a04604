import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { ProvisionProblem } from '../problem.ts';
import { recipe } from '../recipe.ts';

export interface TarDigest {
  /** `sha256:` and 64 hex digits, over the uncompressed archive. */
  readonly digest: string;
  readonly bytes: number;
}

const tarArgs = (root: string): string[] => [
  '--create',
  '--format=gnu',
  '--sort=name',
  '--numeric-owner',
  '--owner=0',
  '--group=0',
  `--mtime=@${recipe.sourceDateEpoch}`,
  '--no-acls',
  '--no-selinux',
  '--no-xattrs',
  `--directory=${root}`,
  '.',
];

/** The digest of a tree: that of its canonical tar. Equal trees have equal digests, wherever and whenever they were built. */
export function digestTree(root: string): Promise<TarDigest> {
  return streamTar(root, []);
}

/** Writes the canonical tar of a tree to `sink`, and ends it; the digest is of what was written. */
export function streamTree(root: string, sink: NodeJS.WritableStream): Promise<TarDigest> {
  return streamTar(root, [sink]);
}

/**
 * Writes the archive of a tree, gzip-compressed, which `docker import` of any version takes. The file appears whole or not at
 * all, and only where the tree still has the digest by which it is known.
 */
export async function writeArchive(root: string, digest: string, file: string): Promise<TarDigest> {
  const partial = `${file}.partial-${process.pid}`;
  try {
    const written = await streamTar(root, [
      createGzip({ level: constants.Z_BEST_SPEED }),
      createWriteStream(partial),
    ]);
    if (written.digest !== digest) {
      throw new ProvisionProblem(
        'hash_mismatch',
        `The unpacked image has the digest ${written.digest}, not ${digest}: somebody changed it.`,
        'Remove it and build again.',
      );
    }
    await rename(partial, file);
    return written;
  } finally {
    await rm(partial, { force: true });
  }
}

async function streamTar(root: string, sinks: readonly NodeJS.WritableStream[]): Promise<TarDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const tar = spawn('tar', tarArgs(root), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  const complaint: Buffer[] = [];
  tar.stderr.on('data', (chunk: Buffer) => complaint.push(chunk));
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>();
  tar.on('error', reject);
  tar.on('close', resolve);
  if (sinks.length === 0) measure.resume();
  const [exitCode] = await Promise.all([ended, pipeline([tar.stdout, measure, ...sinks])]);
  if (exitCode !== 0) {
    throw new ProvisionProblem(
      'build_step_failed',
      `The image could not be archived: ${Buffer.concat(complaint).toString('utf8').trim()}`,
      'Check that GNU tar is there and that the disk is not full, then try again.',
    );
  }
  return { digest: `sha256:${hash.digest('hex')}`, bytes };
}
