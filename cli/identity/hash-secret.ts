import { randomBytes } from 'node:crypto';
import { argon2id } from 'hash-wasm';

/** A PHC string of argon2id over `secret`, at OWASP's floor, as the Worker verifies it. */
export function hashSecret(secret: string): Promise<string> {
  return argon2id({
    password: secret,
    salt: randomBytes(16),
    memorySize: 19_456,
    iterations: 2,
    parallelism: 1,
    hashLength: 32,
    outputType: 'encoded',
  });
}
