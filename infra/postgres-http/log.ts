import { maskSecrets } from '../../protocol/mask-secrets.ts';

/** Says something on standard error, its secrets masked: errors of a connection may quote who logged in. */
export function say(message: string): void {
  process.stderr.write(`postgres-http: ${maskSecrets(message)}\n`);
}
