import { Argon2Type, Argon2Version } from '@phi-ag/argon2';
import type { Argon2idCosts, KeyBytes } from '../keys/kek-source.ts';
import { argon2 } from './argon2.ts';

/** 32 bytes of argon2id (RFC 9106), by the isolate's own build of it. */
export async function deriveArgon2id(
  passphrase: string,
  salt: KeyBytes,
  { memoryKib, passes, lanes }: Argon2idCosts,
): Promise<KeyBytes> {
  const { hash } = (await argon2()).hash(passphrase, {
    type: Argon2Type.Argon2id,
    version: Argon2Version.Version13,
    memoryCost: memoryKib,
    timeCost: passes,
    parallelism: lanes,
    hashLength: 32,
    salt,
  });
  return hash.slice() as KeyBytes;
}
