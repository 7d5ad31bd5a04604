import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';

/** "192.0.2.0/24", "2001:db8::/48", or one address; collected into a list, as commander calls it for each. */
export function parseNetworks(text: string, before: readonly string[] = []): readonly string[] {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  const isPrefix =
    prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
  if (family === 0 || !isPrefix || rest.length > 0) {
    throw new InvalidArgumentError('expected a network like 192.0.2.0/24 or 2001:db8::/48, or one address.');
  }
  return [...before, text];
}
