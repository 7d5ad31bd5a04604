import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { copyProgram } from '../../executor/host/install-program.ts';
import { BUNDLED_CACHE, BUNDLED_KEYS, BUNDLED_SIGNATURE } from '../../executor/host/layout.ts';
import { readKeyLines } from '../../executor/host/read-key-lines.ts';
import { proveImage, signatureFileOf } from '../../infra/image-signature/prove-image.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../../infra/sandbox-image/ensure-runsc.ts';
import { imagesFolder } from '../../infra/sandbox-image/store/image-store.ts';
import { CACHE_DIR } from '../stack/state-paths.ts';
import { createBoard } from '../terminal/board.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote } from '../terminal/print.ts';
import { fileToWrite } from './file-option.ts';
import { type JsonOptions, jsonOption } from './state-option.ts';

interface BundleOptions extends JsonOptions {
  readonly out: string;
  readonly imageKey: readonly string[];
  readonly imageSignature?: string;
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
    .requiredOption('--out <file>', 'the archive, as causeway-executor.tar.gz', fileToWrite)
    .addOption(
      new Option(
        '--image-key <key>',
        'a public key that hosts trust to sign the sandbox image, or a file of them; repeatable',
      )
        .argParser((text: string, before: readonly string[]) => [...before, text])
        .default([], 'none'),
    )
    .option('--image-signature <file>', 'what ./causeway image sign wrote (default: beside the image)')
    .option('--with-image', 'gVisor and the sandbox image too: the host fetches nothing at all')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Example:
  $ ./causeway image key --out image-key > image-keys     # once; image-key stays where images are signed
  $ ./causeway image sign --key image-key                 # for each version
  $ ./causeway executor bundle --image-key image-keys --out causeway-executor.tar.gz
  $ scp causeway-executor.tar.gz join-token host:
  host$ tar -xzf causeway-executor.tar.gz
  host$ sudo causeway-executor/causeway-executor join --url https://causeway.example.com --token-file join-token`,
    )
    .action(bundle);
}

async function bundle(options: BundleOptions): Promise<void> {
  const { out, withImage, json } = options;
  const file = resolve(out);
  const board = createBoard();
  const making = await mkdtemp(join(dirname(file), '.causeway-bundle-'));
  try {
    const folder = join(making, FOLDER);
    await board.step('Program', () => copyProgram(folder));
    if (withImage) await board.step('Image', (say) => copyCache(join(folder, BUNDLED_CACHE), say));
    await board.step('Signature', (say) => copyTrust(folder, options, say));
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

/** The keys that hosts trust, and the signature of the image by one of them; nothing that a host would refuse. */
async function copyTrust(
  folder: string,
  { imageKey, imageSignature }: BundleOptions,
  say: (doing: string) => void,
): Promise<void> {
  if (imageKey.length === 0)
    return printNote(
      '  No --image-key: each host has to be given --image-key and --image-signature when it joins.',
    );
  const image = await ensureImage({ stateDir: CACHE_DIR });
  const signatureFile = imageSignature ?? signatureFileOf(CACHE_DIR, image.digest);
  const proven = await proveImage(image, { keys: imageKey, signatureFile }, () =>
    say('reading all files of the image'),
  );
  if (!proven.ok)
    throw new Failure({
      what: 'Hosts would refuse the sandbox image with these keys, so no bundle was made.',
      why: proven.says,
      remedy: proven.remedy,
    });
  await cp(signatureFile, join(folder, BUNDLED_SIGNATURE));
  await writeFile(join(folder, BUNDLED_KEYS), `${(await readKeyLines(imageKey)).join('\n')}\n`);
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
