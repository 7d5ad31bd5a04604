import Argon2, { Argon2Type } from '@phi-ag/argon2';
import wasm from '@phi-ag/argon2/argon2.wasm';

let instance: Promise<Argon2> | undefined;

/**
 * Whether `secret` is what the PHC string `encoded` was made of (argon2id, RFC 9106). It blocks the isolate for some
 * 40 ms and holds 24 MB, so callers bound who may ask; one at a time runs by construction.
 */
export async function verifyArgon2id(encoded: string, secret: string): Promise<boolean> {
  instance ??= WebAssembly.instantiate(wasm, {}).then((module) => new Argon2(module));
  return (await instance).tryVerify(encoded, secret, Argon2Type.Argon2id).success;
}
