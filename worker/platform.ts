import { knowSecrets } from '../protocol/mask-secrets.ts';
import { openBlobStore, type SealedBlobs } from './blobs/open-blob-store.ts';
import { mayBeClear } from './database/blobs-to-seal.ts';
import { createDatabase, type Database } from './database/database.ts';
import { keepBlob } from './database/retention.ts';
import { importTicketKey } from './database/ticket.ts';
import type { Env } from './env.ts';
import { type RefusedText, readRefusedText } from './input/refused-text.ts';
import { deriveInWorker } from './keys/derive-in-worker.ts';
import { type KeyStore, openKeyStore } from './keys/key-store.ts';
import { sourceOf } from './keys/source-of.ts';
import { importSealKey, type SealKey } from './seal/seal.ts';
import { doubtDatabase } from './startup/startup-check.ts';
import { type Publish, publisherOf } from './tenants/changes/publish.ts';

/** What the operations of this deployment reach; made once an isolate. */
export interface Platform {
  readonly env: Env;
  readonly publicUrl: string;
  readonly database: Database;
  readonly blobs: SealedBlobs;
  readonly sealKey: SealKey;
  readonly keys: KeyStore;
  readonly publish: Publish;
  /** What names, titles and descriptions may not hold. */
  readonly refusedText: RefusedText;
}

const platforms = new WeakMap<Env, Promise<Platform>>();

/** The platform behind `env`. Throws where a setting is missing or malformed. */
export function platformOf(env: Env): Promise<Platform> {
  let platform = platforms.get(env);
  if (platform === undefined) {
    platform = open(env);
    platforms.set(env, platform);
  }
  return platform;
}

async function open(env: Env): Promise<Platform> {
  knowSecrets(secretsOf(env));
  const outbound = env.OUTBOUND;
  const [ticketKey, sealKey] = await Promise.all([
    importTicketKey(env.CONTEXT_KEY),
    importSealKey(env.SEAL_KEY),
  ]);
  const send = (url: string, init: RequestInit) =>
    outbound === undefined ? fetch(url, init) : outbound.fetch(url, init);
  const database = createDatabase({
    connectionString: env.DATABASE_URL,
    ticketKey,
    ...(env.DATABASE_HTTP_URL === undefined ? {} : { endpoint: env.DATABASE_HTTP_URL }),
    fetch: send,
    onMisfit: doubtDatabase,
  });
  const keys = openKeyStore(database, sourceOf(env, { argon2id: deriveInWorker, send }));
  return {
    env,
    publicUrl: new URL(env.PUBLIC_URL).href.replace(/\/$/, ''),
    database,
    blobs: openBlobStore(
      env,
      { keys, mayBeClear: (tenant, sha256) => mayBeClear(database, tenant, sha256) },
      (key) => keepBlob(database, key),
    ),
    sealKey,
    keys,
    publish: publisherOf(env),
    refusedText: readRefusedText(env),
  };
}

/** What was given to this deployment and must not come out of it, not even in its log. */
function secretsOf(env: Env): readonly (string | undefined)[] {
  const database = URL.parse(env.DATABASE_URL);
  return [
    env.DATABASE_URL,
    database === null ? undefined : decodeURIComponent(database.password),
    env.CONTEXT_KEY,
    env.SEAL_KEY,
    env.KEY_PASSPHRASE,
    env.KEY_PASSPHRASE_PREVIOUS,
    env.BLOB_STORE_SECRET_ACCESS_KEY,
    env.KMS_SECRET_ACCESS_KEY,
  ];
}
