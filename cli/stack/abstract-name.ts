import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';

/**
 * A name for an abstract unix socket (unix(7)) of a state folder. Unlike a socket file it is gone with its process, and
 * it does not grow with the path, of which a socket's address holds 107 bytes.
 */
export function abstractName(purpose: 'state' | 'cron', stateDir: string): string {
  const digest = createHash('sha256').update(realpathSync(stateDir)).digest('hex').slice(0, 32);
  return `causeway-${purpose}-${digest}`;
}
