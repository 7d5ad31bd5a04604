import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { connectStatement, EXECUTOR_SCHEME, type RegisterRequest } from '../protocol/executor-identity.ts';
import { parseJson } from './parse-json.ts';

const REGISTER_TIMEOUT_MS = 15_000;

const storedSchema = z.object({
  executor: z.string(),
  pool: z.string(),
  /** PUBLIC_URL as the worker told it at registration: what a proof is signed for. */
  audience: z.string(),
  /** PKCS #8, DER, base64url. */
  private_key: z.string(),
});
type Stored = z.infer<typeof storedSchema>;

const registeredSchema = z.object({ executor: z.string(), pool: z.string(), audience: z.string() });

export interface Identity {
  readonly executor: string;
  /** The value of `Authorization` for one connection; `nowSeconds` is the worker's clock as far as it is known. */
  authorization(nowSeconds: number): string;
}

export type IdentityFound =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly reason: string };

/** Where an executor keeps its key. */
export function identityFileOf(stateDir: string): string {
  return join(stateDir, 'executor.json');
}

/** Ed25519's public key is the last 32 bytes of its SubjectPublicKeyInfo (RFC 8410, section 4). */
function rawPublicKey(privateKey: KeyObject): string {
  return createPublicKey(privateKey)
    .export({ type: 'spki', format: 'der' })
    .subarray(-32)
    .toString('base64url');
}

function readKey(der: string): KeyObject | null {
  try {
    return createPrivateKey({ key: Buffer.from(der, 'base64url'), format: 'der', type: 'pkcs8' });
  } catch {
    return null;
  }
}

/** Null where the stored key is none. */
function identityOf(stored: Stored): Identity | null {
  const key = readKey(stored.private_key);
  if (key?.asymmetricKeyType !== 'ed25519') return null;
  const { executor, audience } = stored;
  return {
    executor,
    authorization(nowSeconds) {
      const seconds = Math.floor(nowSeconds);
      const nonce = randomBytes(16).toString('base64url');
      const statement = connectStatement({ executor, audience, seconds, nonce });
      return `${EXECUTOR_SCHEME} ${executor}.${seconds}.${nonce}.${sign(null, statement, key).toString('base64url')}`;
    },
  };
}

/** Reads the executor's identity, or makes one and registers it with the join token. The key never leaves the file. */
export async function findIdentity(settings: {
  readonly file: string;
  readonly baseUrl: string;
  readonly name: string;
  readonly joinTokenFile: string | null;
}): Promise<IdentityFound> {
  const text = await readFile(settings.file, 'utf8').catch(() => null);
  if (text !== null) {
    const stored = storedSchema.safeParse(parseJson(text));
    const identity = stored.success ? identityOf(stored.data) : null;
    if (identity !== null) return { ok: true, identity };
    return {
      ok: false,
      reason: `${settings.file} is not an executor's identity. Move it away and start with a new join token.`,
    };
  }
  if (settings.joinTokenFile === null)
    return {
      ok: false,
      reason: 'This executor has no identity yet: pass --join-token-file with a join token.',
    };
  const joinToken = (await readFile(settings.joinTokenFile, 'utf8')).trim();
  const { privateKey } = generateKeyPairSync('ed25519');
  const registered = await register(settings.baseUrl, {
    join_token: joinToken,
    name: settings.name,
    public_key: rawPublicKey(privateKey),
  });
  if (!registered.ok) return registered;
  const stored: Stored = {
    ...registered.value,
    private_key: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64url'),
  };
  await mkdir(dirname(settings.file), { recursive: true, mode: 0o700 });
  await writeFile(`${settings.file}.new`, JSON.stringify(stored), { mode: 0o600 });
  await rename(`${settings.file}.new`, settings.file);
  const identity = identityOf(stored);
  if (identity === null) throw new Error('a key that was made just now is none');
  return { ok: true, identity };
}

async function register(baseUrl: string, request: RegisterRequest) {
  const response = await fetch(`${baseUrl}/executor/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    redirect: 'error',
    signal: AbortSignal.timeout(REGISTER_TIMEOUT_MS),
  }).catch((error: Error) => error);
  if (response instanceof Error)
    return {
      ok: false as const,
      reason: `${baseUrl} cannot be reached (${response.message}). Check --url and that the Worker runs.`,
    };
  const answer = parseJson(await response.text());
  if (!response.ok)
    return {
      ok: false as const,
      reason: `${baseUrl} refused the join token (status ${response.status}). A token is good once and for a short time: make a new one.`,
    };
  const registered = registeredSchema.safeParse(answer);
  if (!registered.success)
    return { ok: false as const, reason: `${baseUrl} answered the registration with something else.` };
  return { ok: true as const, value: registered.data };
}
