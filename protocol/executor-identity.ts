/**
 * How an executor proves itself (Ed25519, RFC 8032). On each connection it sends
 * `Authorization: Causeway-Executor <executor id>.<seconds>.<nonce>.<base64url signature>`, where the signature covers
 * {@link connectStatement}. `seconds` is the worker's clock: an executor whose own is wrong learns the offset from the
 * `Date` header of the 401 and signs again. A nonce is accepted once within the window.
 */
export const CONNECT_WINDOW_SECONDS = 60;
export const EXECUTOR_SCHEME = 'Causeway-Executor';

/** The bytes that an executor signs to connect; `audience` is PUBLIC_URL, so that a proof for one deployment is nothing to another. */
export function connectStatement(proof: {
  executor: string;
  audience: string;
  seconds: number;
  nonce: string;
}): Uint8Array {
  return new TextEncoder().encode(
    ['causeway executor connect v1', proof.audience, proof.executor, String(proof.seconds), proof.nonce].join(
      '\n',
    ),
  );
}

/**
 * The bytes that an executor signs to change its key: once with the present key, and once with the new one to prove
 * that it holds that as well. A repeated request changes nothing, so an executor that got no answer asks again.
 */
export function rotateStatement(change: {
  executor: string;
  audience: string;
  seconds: number;
  nonce: string;
  publicKey: string;
}): Uint8Array {
  const { audience, executor, seconds, nonce, publicKey } = change;
  return new TextEncoder().encode(
    ['causeway executor rotate-key v1', audience, executor, String(seconds), nonce, publicKey].join('\n'),
  );
}

/**
 * `POST /executor/rotate-key`, with the header of a connection whose signature covers {@link rotateStatement}. The key is
 * raw Ed25519 and `proof` its signature over the same statement, both base64url.
 */
export interface RotateKeyRequest {
  readonly public_key: string;
  readonly proof: string;
}

/** `changed` is false where the executor had this key already. */
export interface RotateKeyResponse {
  readonly executor: string;
  readonly changed: boolean;
}

/** The bytes that an executor signs to say that it refuses the sandbox image of its host. */
export function refusedImageStatement(refusal: {
  executor: string;
  audience: string;
  seconds: number;
  nonce: string;
  code: string;
  image: string;
}): Uint8Array {
  const { audience, executor, seconds, nonce, code, image } = refusal;
  return new TextEncoder().encode(
    ['causeway executor refused-image v1', audience, executor, String(seconds), nonce, code, image].join(
      '\n',
    ),
  );
}

/** `POST /executor/register`: the body with which a one-time join token becomes an executor. The key is raw Ed25519, base64url. */
export interface RegisterRequest {
  readonly join_token: string;
  readonly name: string;
  readonly public_key: string;
}

export interface RegisterResponse {
  readonly executor: string;
  readonly pool: string;
  /** PUBLIC_URL: the audience to sign for. */
  readonly audience: string;
}
