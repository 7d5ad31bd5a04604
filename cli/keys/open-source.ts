import { argon2id } from 'hash-wasm';
import { DRAW_KEY } from '../../protocol/judge-keys.ts';
import {
  type Argon2id,
  type KekSource,
  type KeyBytes,
  passphraseSource,
} from '../../worker/keys/kek-source.ts';
import { sourceOf } from '../../worker/keys/source-of.ts';
import { judgePassphrase } from '../../worker/startup/judge-passphrase.ts';
import { type DatabaseChoice, namesDatabase } from '../stack/owner-url.ts';
import { readSecrets } from '../stack/secrets.ts';
import { statePaths } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';

/** Where key-encryption keys come from: the stack of the state folder, or the environment where another database is named. */
export function openSource(options: DatabaseChoice): KekSource {
  if (namesDatabase(options)) refuseWeak(process.env.KEY_PASSPHRASE);
  const source = findSource(options);
  if (source !== null) return source;
  const isElsewhere = namesDatabase(options);
  throw new Failure({
    what: 'No key was changed.',
    why: isElsewhere
      ? 'neither KEY_PASSPHRASE nor KMS_KEY is set'
      : `no stack was ever started in ${options.state}`,
    remedy: isElsewhere
      ? 'set what the deployment has, KEY_PASSPHRASE or KMS_KEY and its companions: its Worker opens the keys with it'
      : 'start ./causeway up once, or name a database: --database-url URL',
  });
}

/** No key is made that a guess opens, and that the Worker would not serve with. */
function refuseWeak(passphrase: string | undefined): void {
  const why = passphrase === undefined ? null : judgePassphrase(passphrase);
  if (why === null) return;
  throw new Failure({
    what: 'No key was changed.',
    why: `${why}: the Worker would serve nothing with it`,
    remedy: DRAW_KEY,
  });
}

/** {@link openSource}, or null where nothing is at hand. */
export function findSource(options: DatabaseChoice): KekSource | null {
  if (!namesDatabase(options)) {
    const secrets = readSecrets(statePaths(options.state));
    return secrets === null ? null : nodeSource([secrets.keyPassphrase]);
  }
  return environmentSource();
}

/** By what the environment names; null where it names neither passphrase nor KMS. */
export function environmentSource(): KekSource | null {
  return sourceOf(process.env, { argon2id: deriveInNode, send: (url, init) => fetch(url, init) });
}

/** Keys by passphrases, the one in use first, outside of workerd. */
export function nodeSource(passphrases: readonly [string, ...string[]]): KekSource {
  return passphraseSource(passphrases, deriveInNode);
}

/** argon2id outside of workerd. */
export const deriveInNode: Argon2id = async (passphrase, salt, { memoryKib, passes, lanes }) =>
  (await argon2id({
    password: passphrase,
    salt,
    memorySize: memoryKib,
    iterations: passes,
    parallelism: lanes,
    hashLength: 32,
    outputType: 'binary',
  })) as KeyBytes;
