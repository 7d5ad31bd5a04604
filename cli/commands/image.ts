import { resolve } from 'node:path';
import type { Command } from 'commander';
import { proveImage, signatureFileOf } from '../../infra/image-signature/prove-image.ts';
import type { ImageRefused } from '../../infra/image-signature/refusal.ts';
import { signImage } from '../../infra/image-signature/sign-image.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { printProgress } from '../../infra/sandbox-image/print-progress.ts';
import { ProvisionProblem } from '../../infra/sandbox-image/problem.ts';
import type { SandboxImage } from '../../infra/sandbox-image/store/image-store.ts';
import { readImageKey, writeImageKey } from '../identity/image-key.ts';
import { CACHE_DIR } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { fileToWrite } from './file-option.ts';
import { type JsonOptions, jsonOption } from './state-option.ts';

interface CacheOptions extends JsonOptions {
  readonly cache: string;
}

export function registerImage(program: Command): void {
  const image = program
    .command('image')
    .summary('the image that models run in: key, sign, verify')
    .description(
      'Executors serve with a sandbox image only when a key that they trust signed it. Each host builds the image itself and gets the same one, so what travels is the signature: a few lines of text.',
    )
    .helpCommand(false);
  const ofImage = (name: string) =>
    image
      .command(name)
      .option('--cache <dir>', 'where images are built and kept', (dir) => resolve(dir), CACHE_DIR)
      .addOption(jsonOption());

  image
    .command('key')
    .summary('make the pair of keys that images are signed with')
    .requiredOption('--out <file>', 'the private key; only its owner may read it', fileToWrite)
    .option('--name <name>', 'what signatures call it, without spaces and plus signs', 'sandbox-image')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Example:
  $ ./causeway image key --out image-key --name ops.example.com > image-keys
The private key stays where images are signed; image-keys goes to each host, as --image-key. To replace a key, sign with the
new one as well (\`image sign\` adds a signature), give hosts both, and take the old one away when all have the new.`,
    )
    .action(makeKey);

  ofImage('sign')
    .summary('sign the image of this version, built where it is not there yet')
    .requiredOption('--key <file>', 'private key, of ./causeway image key')
    .option('--out <file>', 'the signature (default: beside the image)', fileToWrite)
    .addHelpText('after', '\nExample:\n  $ ./causeway image sign --key image-key --out image.sig')
    .action(sign);

  ofImage('verify')
    .summary('prove the image on this machine: signature, description, and every file')
    .requiredOption(
      '--image-key <key>',
      'a trusted public key, or a file of them; repeatable',
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option('--image-signature <file>', 'the signature (default: beside the image)', (file) => resolve(file))
    .addHelpText(
      'after',
      '\nExample:\n  $ ./causeway image verify --image-key image-keys --image-signature image.sig',
    )
    .action(verify);
}

async function makeKey(
  options: JsonOptions & { readonly out: string; readonly name: string },
): Promise<void> {
  if (/[\s+]/.test(options.name) || options.name === '') {
    throw new Failure({
      what: 'No key was made.',
      why: `${JSON.stringify(options.name)} has a space or a plus sign, or is empty`,
      remedy: 'name it like --name ops.example.com',
    });
  }
  const file = resolve(options.out);
  const publicKey = await writeImageKey(file, options.name);
  if (options.json) return printJson({ file, publicKey });
  printResult(publicKey);
  printNote(
    `  ${file} is the private key: whoever has it decides what your hosts run. The line above is the public one.`,
  );
}

async function sign(options: CacheOptions & { readonly key: string; readonly out?: string }): Promise<void> {
  const { signer, publicKey } = await readImageKey(resolve(options.key));
  const image = await provideImage(options);
  const file = resolve(options.out ?? signatureFileOf(options.cache, image.digest));
  const signed = await signImage(image, signer, file, sayReading);
  if (!signed.ok) throw failureOf('The image was not signed.', signed);
  if (options.json) return printJson({ digest: image.digest, signature: file, publicKey });
  printResult(signed.note.trimEnd());
  printNote(`  Written to ${file}. Hosts take it as --image-signature, beside --image-key ${publicKey}`);
}

async function verify(
  options: CacheOptions & { readonly imageKey: readonly string[]; readonly imageSignature?: string },
): Promise<void> {
  const image = await provideImage(options);
  const signatureFile = options.imageSignature ?? signatureFileOf(options.cache, image.digest);
  const proven = await proveImage(image, { keys: options.imageKey, signatureFile }, sayReading);
  if (!proven.ok) {
    if (options.json) printJson({ ok: false, digest: image.digest, code: proven.code });
    throw failureOf('The image is not proven.', proven);
  }
  if (options.json) return printJson({ ok: true, digest: image.digest, signedBy: proven.signedBy });
  printResult(`${image.digest} is unchanged, and signed by ${proven.signedBy.join(' and ')}.`);
}

const sayReading = () => printNote('  reading all files of the image');

async function provideImage({ cache }: CacheOptions): Promise<SandboxImage> {
  const { onProgress, finish } = printProgress(process.stderr);
  try {
    return await ensureImage({ stateDir: cache, onProgress });
  } catch (thrown) {
    if (!(thrown instanceof ProvisionProblem)) throw thrown;
    throw new Failure({ what: 'The image could not be built.', why: thrown.message, remedy: thrown.remedy });
  } finally {
    finish();
  }
}

function failureOf(what: string, { code, says, remedy }: ImageRefused): Failure {
  return new Failure({ what, why: `${says} (${code})`, remedy });
}
