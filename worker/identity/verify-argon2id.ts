import { Argon2Type } from '@phi-ag/argon2';
import { argon2 } from './argon2.ts';

/**
 * Whether `secret` is what the PHC string `encoded` was made of (argon2id, RFC 9106). It blocks the isolate for some
 * 40 ms and holds 24 MB, so callers bound who may ask; one at a time runs by construction.
 */
export async function verifyArgon2id(encoded: string, secret: string): Promise<boolean> {
  return (await argon2()).tryVerify(encoded, secret, Argon2Type.Argon2id).success;
}
