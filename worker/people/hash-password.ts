import { Argon2Type, Argon2Version } from '@phi-ag/argon2';
import type { Env } from '../env.ts';
import { argon2 } from '../identity/argon2.ts';
import { DEFAULT_PASSWORD_COSTS, type PasswordCosts, parsePasswordCosts } from './password-costs.ts';

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** The costs that this deployment hashes passwords with. Throws where the setting is out of bounds. */
export function passwordCosts(env: Pick<Env, 'PASSWORD_COSTS'>): PasswordCosts {
  const costs = parsePasswordCosts(env.PASSWORD_COSTS ?? DEFAULT_PASSWORD_COSTS);
  if (costs === null) throw new Error('PASSWORD_COSTS must be like m=19456,t=2,p=1, within its bounds');
  return costs;
}

/** A PHC string of argon2id over `password`, which was normalised before. Call it inside a slot. */
export async function hashPassword(password: string, costs: PasswordCosts): Promise<string> {
  const { encoded } = (await argon2()).hash(password, {
    type: Argon2Type.Argon2id,
    version: Argon2Version.Version13,
    memoryCost: costs.memoryKib,
    timeCost: costs.passes,
    parallelism: costs.lanes,
    hashLength: HASH_BYTES,
    salt: crypto.getRandomValues(new Uint8Array(SALT_BYTES)),
  });
  return encoded;
}

/** The hash of a password that nobody has, so that an email without an account costs the work of one with. */
export function nobodysHash({ memoryKib, passes, lanes }: PasswordCosts): string {
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${'A'.repeat(22)}$${'A'.repeat(43)}`;
}
