import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { type Command, InvalidArgumentError } from 'commander';
import { BUNDLED_KEYS } from '../../executor/host/layout.ts';
import { DEFAULT_POOL, mintJoinToken } from '../identity/mint-join-token.ts';
import { fillUserData } from '../identity/user-data.ts';
import { parsePublicUrl } from '../settings/public-url.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { ROOT_DIR } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { printNote, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';

interface CloudInitOptions extends DatabaseOptions {
  readonly publicUrl: string;
  readonly bundle: string;
  readonly bundleUrl: string;
  readonly pool: string;
}

export function registerCloudInit(executor: Command): void {
  withDatabase(executor.command('cloud-init'))
    .summary('print user data with which a fresh virtual machine joins by itself')
    .description('Makes a join token, which the user data holds: start the machine within an hour.')
    .requiredOption('--public-url <url>', 'the deployment', parsePublicUrl)
    .requiredOption('--bundle <file>', 'the archive of ./causeway executor bundle, for its SHA-256')
    .requiredOption('--bundle-url <url>', 'where the machine fetches that archive', httpsUrl)
    .option('--pool <pool>', 'the pool that it joins', DEFAULT_POOL)
    .addHelpText(
      'after',
      `
Example:
  $ ./causeway executor cloud-init --public-url https://causeway.example.com --bundle causeway-executor.tar.gz \\
      --bundle-url https://files.example.com/causeway-executor.tar.gz > user-data.yaml`,
    )
    .action(printUserData);
}

async function printUserData(options: CloudInitOptions): Promise<void> {
  await demandKeys(options.bundle);
  const hash = createHash('sha256');
  await pipeline(createReadStream(options.bundle), hash);
  const template = readFileSync(join(ROOT_DIR, 'infra/executor-host/user-data.yaml'), 'utf8');
  const joinToken = await mintJoinToken(await ownerUrlOf(options), options.pool);
  const { publicUrl, bundleUrl } = options;
  const text = fillUserData(template, { publicUrl, joinToken, bundleUrl, bundleSha256: hash.digest('hex') });
  printResult(text.trimEnd());
  printNote('  It holds a join token: give it to one machine, within an hour.');
}

/** Nobody is there to say --image-key on a machine that joins by itself. */
async function demandKeys(bundle: string): Promise<void> {
  const args = ['-xzOf', bundle, '--occurrence=1', `causeway-executor/${BUNDLED_KEYS}`];
  const keys = await promisify(execFile)('tar', args).catch(() => null);
  if (keys !== null) return;
  throw new Failure({
    what: 'A machine with this bundle would refuse its own sandbox image.',
    why: `${bundle} holds no key that is trusted to sign it, or is no bundle`,
    remedy: 'make it anew: ./causeway executor bundle --image-key image-keys --out FILE',
  });
}

function httpsUrl(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || /['\\\s]/.test(text))
    throw new InvalidArgumentError('expected an https URL.');
  return url.href;
}
