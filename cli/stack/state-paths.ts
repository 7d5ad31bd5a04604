import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder } from '../../infra/sandbox-image/store/make-folder.ts';
import { Failure } from '../terminal/failure.ts';

/** The folder of the checkout. */
export const ROOT_DIR = resolve(import.meta.dirname, '../..');
/** State where no `--state` says otherwise; its `cache` serves every stack. */
export const DEFAULT_STATE_DIR = join(ROOT_DIR, '.causeway');
export const CACHE_DIR = join(DEFAULT_STATE_DIR, 'cache');

/** Raised when a folder made before can no longer be used as it is. */
const STATE_VERSION = 1;

/** Where one stack keeps what. Everything is made by `preparePaths`. */
export interface StatePaths {
  readonly root: string;
  readonly postgres: string;
  readonly worker: string;
  readonly blobs: string;
  readonly executor: string;
  readonly logs: string;
  /** The private key with which this stack signs its sandbox image. */
  readonly imageKeyFile: string;
  readonly imageSignatureFile: string;
  /** Where `up --tls` keeps its certificates. */
  readonly tls: string;
  readonly tlsKeyFile: string;
  readonly secretsFile: string;
  readonly connectionFile: string;
}

export function statePaths(stateDir: string): StatePaths {
  const root = resolve(stateDir);
  return {
    root,
    postgres: join(root, 'postgres'),
    worker: join(root, 'worker'),
    blobs: join(root, 'blobs'),
    executor: join(root, 'executor'),
    logs: join(root, 'logs'),
    imageKeyFile: join(root, 'image-key'),
    imageSignatureFile: join(root, 'image.sig'),
    tls: join(root, 'tls'),
    tlsKeyFile: join(root, 'tls', 'key.pem'),
    secretsFile: join(root, 'secrets.json'),
    connectionFile: join(root, 'connection.json'),
  };
}

/** Makes the folders of a stack, and refuses a folder that another version of Causeway made. */
export function preparePaths(paths: StatePaths): void {
  const versionFile = join(paths.root, 'state-version');
  makeFolder(paths.root);
  const found = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : null;
  if (found !== null && found !== String(STATE_VERSION)) {
    throw new Failure({
      what: `The state folder ${paths.root} was made by another version of Causeway.`,
      why: `its layout is version ${found}, this checkout reads and writes version ${STATE_VERSION}`,
      remedy: `start with a new folder (--state DIR), or throw this one away: ./causeway clean --state ${paths.root}`,
    });
  }
  if (found === null) writeFileSync(versionFile, `${STATE_VERSION}\n`);
  // Postgres is another user and has to get through; what tenants keep is for nobody else on this machine to read.
  makeFolder(paths.postgres);
  for (const dir of [paths.worker, paths.blobs, paths.executor, paths.logs]) {
    makeFolder(dir, 0o700);
  }
}
