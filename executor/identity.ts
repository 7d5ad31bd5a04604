import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  connectStatement,
  EXECUTOR_SCHEME,
  type RegisterRequest,
  type RotateKeyRequest,
  refusedImageStatement,
  rotateStatement,
} from '../protocol/executor-identity.ts';
import type { RefusedImageRequest } from '../protocol/image-refusal.ts';
import { callWorker } from './call-worker.ts';
import { makeKeyFile, readKeyFile, writeKeyFile } from './key-file.ts';

const privateKeySchema = z.object({
  /** PKCS #8, DER, base64url. */
  private_key: z.string().refine(isEd25519),
  /** By this host's clock. Files of earlier versions do not say. */
  made_at: z.string().optional(),
});

export const storedSchema = privateKeySchema.extend({
  executor: z.string(),
  pool: z.string(),
  /** PUBLIC_URL as the worker told it at registration: what a proof is signed for. */
  audience: z.string(),
});
export type Stored = z.infer<typeof storedSchema>;

const registeredSchema = z.object({ executor: z.string(), pool: z.string(), audience: z.string() });

export type IdentityFound =
  | { readonly ok: true; readonly stored: Stored }
  | { readonly ok: false; readonly reason: string };

function isEd25519(der: string): boolean {
  try {
    return keyOf({ private_key: der }).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}

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

export function newKey(): Required<z.infer<typeof privateKeySchema>> {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    private_key: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64url'),
    made_at: new Date().toISOString(),
  };
}

function keyOf({ private_key }: { readonly private_key: string }): KeyObject {
  return createPrivateKey({ key: Buffer.from(private_key, 'base64url'), format: 'der', type: 'pkcs8' });
}

export const publicKeyOf = (stored: { readonly private_key: string }): string => rawPublicKey(keyOf(stored));

const newProof = (nowSeconds: number) => ({
  seconds: Math.floor(nowSeconds),
  nonce: randomBytes(16).toString('base64url'),
});

const headerOf = (executor: string, seconds: number, nonce: string, signature: Buffer): string =>
  `${EXECUTOR_SCHEME} ${executor}.${seconds}.${nonce}.${signature.toString('base64url')}`;

export function proofToConnect(stored: Stored, nowSeconds: number): string {
  const { executor, audience } = stored;
  const { seconds, nonce } = newProof(nowSeconds);
  const statement = connectStatement({ executor, audience, seconds, nonce });
  return headerOf(executor, seconds, nonce, sign(null, statement, keyOf(stored)));
}

/** What `present` shows to make `next`'s key its own. */
export function proofToRotate(
  present: Stored,
  next: Stored,
  nowSeconds: number,
): { readonly authorization: string; readonly body: RotateKeyRequest } {
  const { executor, audience } = present;
  const { seconds, nonce } = newProof(nowSeconds);
  const publicKey = publicKeyOf(next);
  const statement = rotateStatement({ executor, audience, seconds, nonce, publicKey });
  return {
    authorization: headerOf(executor, seconds, nonce, sign(null, statement, keyOf(present))),
    body: { public_key: publicKey, proof: sign(null, statement, keyOf(next)).toString('base64url') },
  };
}

/** What the worker is shown of an image that this host refuses. */
export function proofOfRefusal(stored: Stored, refusal: RefusedImageRequest, nowSeconds: number): string {
  const { executor, audience } = stored;
  const { seconds, nonce } = newProof(nowSeconds);
  const statement = refusedImageStatement({ executor, audience, seconds, nonce, ...refusal });
  return headerOf(executor, seconds, nonce, sign(null, statement, keyOf(stored)));
}

/** Where a key is kept between its making and the server's yes to the join. */
const joiningFile = (file: string): string => `${file}.joining`;

/**
 * Reads the executor's identity, or makes one and registers it with the join token. The key never leaves its file, and is in
 * it before it is registered: an executor that was killed in between asks again with the same key and is answered the same.
 */
export async function findIdentity(settings: {
  readonly file: string;
  readonly baseUrl: string;
  readonly name: string;
  /** Asked only where there is no identity yet. */
  readonly joinToken: () => Promise<string | null>;
}): Promise<IdentityFound> {
  const read = await readKeyFile(settings.file, storedSchema);
  if (!read.ok) return read;
  if (read.value !== null) return { ok: true, stored: read.value };
  const joinToken = await settings.joinToken();
  if (joinToken === null)
    return {
      ok: false,
      reason: 'This executor has no identity yet: pass --join-token-file with a join token.',
    };
  const joining = joiningFile(settings.file);
  await makeKeyFile(joining, newKey());
  const made = await readKeyFile(joining, privateKeySchema);
  if (!made.ok) return made;
  if (made.value === null)
    return { ok: false, reason: `${joining} went away. Is another join at work here?` };
  const registered = await register(settings.baseUrl, {
    join_token: joinToken,
    name: settings.name,
    public_key: publicKeyOf(made.value),
  });
  if (!registered.ok) return registered;
  const stored: Stored = { ...registered.value, ...made.value };
  await writeKeyFile(settings.file, stored);
  await rm(joining, { force: true });
  return { ok: true, stored };
}

async function register(baseUrl: string, request: RegisterRequest) {
  const called = await callWorker(`${baseUrl}/executor/register`, {}, request);
  if (called.kind === 'failed') return { ok: false as const, reason: called.reason };
  if (called.status !== 201)
    return {
      ok: false as const,
      reason: `${baseUrl} refused the join token (status ${called.status}). A token is good once and for an hour: make a new one.`,
    };
  const registered = registeredSchema.safeParse(called.answer);
  if (!registered.success)
    return { ok: false as const, reason: `${baseUrl} answered the registration with something else.` };
  return { ok: true as const, value: registered.data };
}
