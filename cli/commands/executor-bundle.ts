import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { copyProgram } from '../../executor/host/install-program.ts';
import { BUNDLED_CACHE, BUNDLED_SIGNATURE } from '../../executor/host/layout.ts';
import { signatureFileOf } from '../../infra/image-signature/prove-image.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../../infra/sandbox-image/ensure-runsc.ts';
import { imagesFolder } from '../../infra/sandbox-image/store/image-store.ts';
import { CACHE_DIR } from '../stack/state-paths.ts';
import { createBoard } from '../terminal/board.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote } from '../terminal/print.ts';
import { type JsonOptions, jsonOption } from './state-option.ts';

interface BundleOptions extends JsonOptions {
  readonly out: string;
  readonly withImage?: true;
}

/** What is unpacked has this name. */
const FOLDER = 'causeway-executor';

export function registerBundle(executor: Command): void {
  executor
    .command('bundle')
    .summary('pack all that an executor needs, for a host without a checkout')
    .description(
      'Makes an archive with the executor, its Node and the command causeway-executor. The host needs neither npm nor Node.',
    )
    .requiredOption('--out <file>', 'the archive, as causeway-executor.tar.gz')
    .option('--with-image', 'gVisor and the sandbox image too: the host fetches nothing at all')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Example:
  $ ./causeway executor bundle --out causeway-executor.tar.gz
  $ scp causeway-executor.tar.gz join-token host:
  host$ tar -xzf causeway-executor.tar.gz
  host$ sudo causeway-executor/causeway-executor join --url https://causeway.example.com --token-file join-token`,
    )
    .action(bundle);
}

async function bundle({ out, withImage, json }: BundleOptions): Promise<void> {
  const file = resolve(out);
  const board = createBoard();
  const making = await mkdtemp(join(dirname(file), '.causeway-bundle-'));
  try {
    const folder = join(making, FOLDER);
    await board.step('Program', () => copyProgram(folder));
    if (withImage) await board.step('Image', (say) => copyCache(join(folder, BUNDLED_CACHE), say));
    await board.step('Signature', () => copySignature(join(folder, BUNDLED_SIGNATURE)));
    await board.step('Archive', () => pack(making, join(making, 'archive')));
    await rename(join(making, 'archive'), file);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  const { size } = await stat(file);
  if (json) printJson({ file, bytes: size });
  else
    printNote(
      `  ${file}, ${Math.round(size / 1e6)} MB. On the host: tar -xzf, then ${FOLDER}/${FOLDER} join --help`,
    );
}

/** Of this checkout's cache, what its own version of the program looks for. */
async function copyCache(target: string, say: (doing: string) => void): Promise<void> {
  const options = { stateDir: CACHE_DIR, onProgress: ({ says }: { says: string }) => say(says) };
  const [runsc, image] = [await ensureRunsc(options), await ensureImage(options)];
  const parts = [dirname(runsc.path), dirname(image.rootfsDir), join(imagesFolder(CACHE_DIR), 'by-inputs')];
  for (const part of parts)
    await cp(part, join(target, part.slice(CACHE_DIR.length)), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
}

/** That of the image in this checkout's cache, where `./causeway image sign` has put it there. */
async function copySignature(target: string): Promise<void> {
  const image = await ensureImage({ stateDir: CACHE_DIR });
  await cp(signatureFileOf(CACHE_DIR, image.digest), target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    printNote(
      '  The sandbox image is not signed here: each host needs --image-signature (./causeway image sign).',
    );
  });
}

async function pack(dir: string, file: string): Promise<void> {
  const args = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name', '-czf', file, '-C', dir, FOLDER];
  const [code] = (await once(spawn('tar', args, { stdio: 'inherit' }), 'exit')) as [number | null];
  if (code === 0) return;
  throw new Failure({
    what: 'The archive could not be packed.',
    why: `tar ended with ${code}; what it said is above`,
    remedy: 'see that there is room for 1 GB beside it, and start again',
  });
}
